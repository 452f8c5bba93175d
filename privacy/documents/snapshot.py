"""What a version was made from: settings and inventory as plain JSON, so that two versions can be compared."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.utils import translation

from privacy import profiles, registry
from privacy.consent import cookies
from privacy.documents import rendering, tables, words
from privacy.documents.clauses import Clause, Document

Snapshot = dict[str, Any]
WHOLE = "policy"  # the document that stands for everything; the others depend on what they name


def taken(document: Document) -> Snapshot:
    """Of the installation as it is configured now."""
    with profiles.as_configured(), translation.override("en"):
        known = rendering.values("en")
        said = [clause for clause in document.clauses() if clause.holds(known)]
        return {
            "settings": _settings(document, said),
            "promises": sorted({promise for clause in said for promise in clause.promises}),
            "wording": rendering.digest([[clause.en, clause.de] for clause in said]),
            **_inventory(document),
        }


def _settings(document: Document, said: list[Clause]) -> dict[str, Any]:
    named = {slot for clause in said for slot in words.slots(clause.en)}
    return {
        key.name: encoded(profiles.configured(key.name))
        for key in profiles.KEYS
        if document.key == WHOLE or key.name in named
    }


def _inventory(document: Document) -> Snapshot:
    if document.key == "processing":
        return {"purposes": _purposes("processor"), "recipients": _recipients()}
    if document.key != WHOLE:
        return {}
    return {
        "data": {subject: sorted(kinds) for subject, kinds in sorted(tables.held().items())},
        "purposes": _purposes("processor", "controller"),
        "recipients": _recipients(),
        "units": {unit.name: _unit(unit) for unit in registry.units()},
        "cookies": {cookie.name: [str(cookie.group), _lifetime(cookie.lifetime)] for cookie in cookies.in_use()},
    }


def _purposes(*roles: str) -> Snapshot:
    return {
        one.key: {"purpose": one.purpose, "role": one.role, "basis": one.basis, "subjects": sorted(one.subjects),
                  "recipients": sorted(one.recipients)}
        for one in registry.activities() if one.role in roles
    }  # fmt: skip


def _recipients() -> Snapshot:
    return {
        one.key: {"name": one.name, "country": one.country, "safeguard": one.safeguard, "holds": sorted(one.holds)}
        for one in registry.recipients()
    }


def _unit(unit: registry.Unit) -> Snapshot:
    """What follows a setting is compared as that setting."""
    lasts: dt.timedelta | None = getattr(unit, "period", None)
    return {
        "follows": getattr(unit, "keep", ""),
        "kept": str(unit.kept),
        "seconds": int(lasts.total_seconds()) if lasts is not None else None,
    }


def _lifetime(value: object) -> int | None:
    return int(value.total_seconds()) if isinstance(value, dt.timedelta) else None


def encoded(value: Any) -> Any:
    """A setting as JSON."""
    if isinstance(value, dt.timedelta):
        return {"seconds": int(value.total_seconds())}
    return list(value) if isinstance(value, tuple) else value


def decoded(value: Any) -> Any:
    """The setting that ``encoded`` made JSON of."""
    if isinstance(value, Mapping):
        return dt.timedelta(seconds=value["seconds"])
    return tuple(value) if isinstance(value, list) else value
