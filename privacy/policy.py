"""The published policy as data: what the declarations of all apps say, put in the order a reader asks.

Nothing here is written by hand, so the policy cannot promise what the purge does not do.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.apps import apps

from privacy import registry
from privacy.registry import Activity, ModelPolicy, Recipient, Store


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """A kind of data in one table. ``form`` is how all of it is kept: plain, sealed, or only a fingerprint."""

    label: str
    form: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """Kinds of data that are kept equally long, and where."""

    what: str
    kinds: tuple[Kind, ...]
    kept: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One thing done with data: for whom, on what basis, with what."""

    purpose: str
    role: str
    basis: str
    subjects: tuple[str, ...]
    recipients: tuple[str, ...]
    kept: tuple[Kept, ...]


def activities() -> list[Entry]:
    """Everything done with data about people."""
    subjects = {subject.key: subject.label for subject in registry.subjects()}
    names = {recipient.key: recipient.name for recipient in registry.recipients()}
    return [_entry(activity, subjects, names) for activity in registry.activities()]


def stores() -> list[Store]:
    """Places outside the database."""
    return registry.stores()


def recipients() -> list[Recipient]:
    """Everybody outside who is given data."""
    return registry.recipients()


def _entry(activity: Activity, subjects: dict[str, str], names: dict[str, str]) -> Entry:
    used = [policy for policy in registry.policies() if activity.key in policy.activities]
    return Entry(
        purpose=activity.purpose,
        role=activity.role,
        basis=activity.basis,
        subjects=tuple(subjects[key] for key in activity.subjects),
        recipients=tuple(names[key] for key in activity.recipients),
        kept=tuple(_kept(used)),
    )


def _kept(policies: Iterable[ModelPolicy]) -> Iterator[Kept]:
    for policy in policies:
        kinds = tuple(_kinds(policy))
        if kinds:
            yield Kept(
                what=str(apps.get_model(policy.model)._meta.verbose_name),
                kinds=kinds,
                kept="; ".join(unit.kept for unit in policy.units) or policy.reason,
            )


def _kinds(policy: ModelPolicy) -> Iterator[Kind]:
    """The kinds of data about people; one that is also in the plain is called plain."""
    known = registry.categories()
    forms: dict[str, set[str]] = {}
    for field in policy.fields.values():
        forms.setdefault(field.category, set()).add(field.form or known[field.category].form)
    for key, found in sorted(forms.items(), key=lambda entry: known[entry[0]].label):
        if known[key].sensitivity:
            yield Kind(label=known[key].label, form=_form(found))


def _form(forms: set[str]) -> str:
    return next((form for form in ("plain", "sealed") if form in forms), "fingerprint")
