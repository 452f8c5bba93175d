"""The tables of the documents, from the inventory: what it says is what stands there."""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from privacy import registry
from privacy.consent import cookies
from privacy.documents import words
from privacy.documents.german import word
from privacy.registry import Activity, ModelPolicy

Block = dict[str, Any]
Made = tuple[list[str], list[tuple[str, list[list[str]]]]]  # the head, and groups of rows with their caption
_FORMS = {"plain": "plain", "sealed": "encrypted", "index": "fingerprint only", "digest": "fingerprint only"}
_ENDS = {"shred": "its key destroyed", "delete": "deleted", "clear": "names removed", "keep": "stays"}
_PLACES = {"carrier": "where you send to", "webhook_endpoint": "as the workspace chose"}


@dataclass(slots=True)
class Held:
    """One kind of data about one kind of people, over all tables."""

    forms: set[str] = field(default_factory=set)
    purposes: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)


def made(key: str, language: str) -> list[Block]:
    """A table by its name: one block, or one for each group of rows, with a caption."""
    head, groups = _TABLES[key](language)
    titles = [word(text, language) for text in head]
    return [{"kind": "table", "key": key, "caption": caption, "head": titles, "rows": rows} for caption, rows in groups]


def held() -> dict[str, dict[str, Held]]:
    """By subject and category: everything the inventory says of it."""
    found: dict[str, dict[str, Held]] = defaultdict(lambda: defaultdict(Held))
    purposes = {activity.key: activity.purpose for activity in registry.activities()}
    for policy in registry.policies():
        for subject, category, form in _kinds(policy):
            one = found[subject][category]
            one.forms.add(form)
            _note(one.purposes, (purposes[key] for key in policy.activities))
            _note(one.kept, (str(unit.kept) for unit in policy.units))
    return {subject: dict(kinds) for subject, kinds in found.items()}


def _note(known: list[str], more: Iterable[str]) -> None:
    known.extend(text for text in dict.fromkeys(more) if text not in known)


def _kinds(policy: ModelPolicy) -> Iterator[tuple[str, str, str]]:
    known = registry.categories()
    for one in policy.fields.values():
        if known[one.category].sensitivity:
            for subject in policy.paths:
                yield subject, one.category, one.form or known[one.category].form


def _data(language: str) -> Made:
    found = held()
    groups = [(word(one.label, language), _kinds_of(found[one.key], language)) for one in registry.subjects()
              if one.key in found]  # fmt: skip
    return ["Kind of data", "Kept as", "Used for", "Kept"], groups


def _kinds_of(found: dict[str, Held], language: str) -> list[list[str]]:
    known = registry.categories()
    return [
        [
            word(known[key].label, language), _form(one.forms, language), _several(one.purposes, language),
            _several(one.kept, language),
        ]
        for key, one in sorted(found.items())
    ]  # fmt: skip


def _form(forms: set[str], language: str) -> str:
    """What is also kept in the plain is called plain."""
    return word(next((_FORMS[form] for form in ("plain", "sealed") if form in forms), "fingerprint only"), language)


def _several(words: Iterable[str], language: str) -> str:
    return "; ".join(word(text, language) for text in words) or "–"


def _sources(language: str) -> Made:
    found = held()
    rows = [
        [word(one.label, language), word(one.source, language)] for one in registry.subjects() if one.key in found
    ]  # fmt: skip
    return ["About", "Comes from"], [("", rows)]


def _purposes(language: str) -> Made:
    return _activities(registry.activities(), language)


def _processing(language: str) -> Made:
    return _activities([one for one in registry.activities() if one.role == "processor"], language)


def _activities(activities: Iterable[Activity], language: str) -> Made:
    subjects = {subject.key: subject.label for subject in registry.subjects()}
    names = {recipient.key: recipient.name for recipient in registry.recipients()}
    rows = [
        [
            word(one.purpose, language), word(one.basis, language),
            word("we" if one.role == "controller" else "the workspace", language),
            _several((subjects[key] for key in one.subjects), language),
            _several([names[key] for key in one.recipients] or ["nobody"], language),
        ]
        for one in activities
    ]  # fmt: skip
    return ["Purpose", "Basis", "Who decides", "About", "Given to"], [("", rows)]


def _recipients(language: str) -> Made:
    known = registry.categories()
    rows = [
        [
            word(one.name, language), one.country or word(_PLACES.get(one.key, ""), language) or "–",
            word(one.role, language), _several((known[key].label for key in one.holds), language),
        ]
        for one in registry.recipients()
    ]  # fmt: skip
    return ["Recipient", "Country", "Role", "Kind of data"], [("", rows)]


def _retention(language: str) -> Made:
    """Every unit that keeps something about people, with what it keeps."""
    known = registry.categories()
    names: dict[str, list[str]] = defaultdict(list)
    for policy in registry.policies():
        if any(known[one.category].sensitivity for one in policy.fields.values()):
            for unit in policy.units:
                names[unit.name].append(policy.name)
    rows = [
        [_several(names[unit.name], language), word(unit.kept, language), word(_ENDS[unit.action], language)]
        for unit in registry.units()
        if unit.name in names
    ]
    return ["What", "How long", "Then"], [("", rows)]


def _cookies(language: str) -> Made:
    rows = [
        [one.name, word(one.purpose, language), word(one.group, language), _lifetime(one.lifetime, language)]
        for one in cookies.in_use()
    ]
    return ["Name", "What for", "Group", "Lifetime"], [("", rows)]


def _lifetime(value: dt.timedelta | None, language: str) -> str:
    return words.duration(value, language) if value else word("until the browser is closed", language)


_TABLES: dict[str, Callable[[str], Made]] = {
    "data": _data,
    "sources": _sources,
    "purposes": _purposes,
    "processing": _processing,
    "recipients": _recipients,
    "retention": _retention,
    "cookies": _cookies,
}
