"""What one version changes against another, computed from their snapshots, and whether it is of weight.

Of weight (material) is whatever a person could want to know before it applies: more data, a new purpose or recipient,
something kept longer, a right or a promise weakened. What cannot be compared counts as weaker.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from privacy import profiles
from privacy.documents import snapshot
from privacy.models.document import NOTICE_FLOOR_DAYS
from privacy.profiles import Key

Part = Mapping[str, Any]
# What is of weight only when it comes, and what also when it changes.
FLOOR = dt.timedelta(days=NOTICE_FLOOR_DAYS)
_GROUPS = {"purposes": "purpose", "recipients": "recipient", "cookies": "cookie"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One difference. ``what`` is a key of settings or inventory; ``before`` and ``after`` are JSON."""

    kind: str  # "setting_weaker", "recipient_added", …
    what: str
    before: Any = None
    after: Any = None
    material: bool

    def as_json(self) -> dict[str, Any]:
        """To be stored."""
        return asdict(self)


def between(old: Part, new: Part) -> list[Change]:
    """Everything that ``new`` changes, what is of weight first."""
    found = [
        *_settings(old.get("settings", {}), new.get("settings", {})),
        *_data(old.get("data", {}), new.get("data", {})),
        *(one for part, name in _GROUPS.items() for one in _group(name, old.get(part, {}), new.get(part, {}))),
        *_units(old.get("units", {}), new.get("units", {})),
        *_promises(set(old["promises"]), set(new["promises"])),
    ]
    if old["wording"] != new["wording"]:
        found.append(Change(kind="wording", what="wording", material=False))
    return sorted(found, key=lambda change: not change.material)


def weaker(key: Key, before: Any, after: Any) -> bool:
    """Whether ``after`` promises less than ``before``; unordered settings weaken by any change."""
    if before == after:
        return False
    if not key.tighter or before is None or after is None:
        return True
    return bool(after > before if key.tighter == "less" else after < before)


def _settings(old: Part, new: Part) -> Iterator[Change]:
    for name in sorted(old.keys() & new.keys()):
        before, after = old[name], new[name]
        if before == after:
            continue
        try:
            less = weaker(profiles.key(name), snapshot.decoded(before), snapshot.decoded(after))
        except profiles.UnknownKey:  # a setting that a later release does not have any more
            continue
        kind = "setting_weaker" if less else "setting_stronger"
        yield Change(kind=kind, what=name, before=before, after=after, material=less)


def _data(old: Part, new: Part) -> Iterator[Change]:
    for subject in sorted(old.keys() | new.keys()):
        before, after = set(old.get(subject, ())), set(new.get(subject, ()))
        for category in sorted(after - before):
            yield Change(kind="data_added", what=subject, after=category, material=True)
        for category in sorted(before - after):
            yield Change(kind="data_removed", what=subject, before=category, material=False)


def _group(name: str, old: Part, new: Part) -> Iterator[Change]:
    for key in sorted(new.keys() - old.keys()):
        yield Change(kind=f"{name}_added", what=key, after=new[key], material=True)
    for key in sorted(old.keys() - new.keys()):
        yield Change(kind=f"{name}_removed", what=key, before=old[key], material=False)
    for key in sorted(old.keys() & new.keys()):
        if old[key] != new[key]:
            yield Change(kind=f"{name}_changed", what=key, before=old[key], after=new[key], material=True)


def _units(old: Part, new: Part) -> Iterator[Change]:
    for name in sorted(old.keys() & new.keys()):
        before, after = old[name], new[name]
        if before == after or (after["follows"] and before["follows"] == after["follows"]):
            continue
        shorter = None not in (before["seconds"], after["seconds"]) and after["seconds"] < before["seconds"]
        kind = "kept_shorter" if shorter else "kept_longer"
        yield Change(kind=kind, what=name, before=before["kept"], after=after["kept"], material=not shorter)


def _promises(old: set[str], new: set[str]) -> Iterator[Change]:
    for promise in sorted(old - new):
        yield Change(kind="promise_removed", what=promise, material=True)
    for promise in sorted(new - old):
        yield Change(kind="promise_added", what=promise, material=False)


def earliest(*, material: bool, at: dt.datetime) -> dt.datetime:
    """When a version announced now may take effect: the notice in force, and never less than the floor."""
    if not material:
        return at
    return at + max(profiles.duration("policy.notice"), FLOOR)
