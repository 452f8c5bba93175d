"""Holds: why some data of a workspace is kept beyond its time, for how long somebody answers for that, and its end.

A hold beats the purge and erasure, for the units it names and nothing else. Texts under a hold are sealed anew under a
key of the case (``messaging.keeping``), so the keys of their day die on time; releasing destroys the key of the case.

A hold never ends by itself: evidence must not go because nobody looked. Past its review it goes on, red on the staff's
page and failing in the register of promises, and its owner and the privacy desk are written to (``hold_reviews``). What
it stopped an erasure from taking goes when it is released (``erasure.resuming``).
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from uuid import UUID

from django.db import connections, transaction

from privacy import audit, keyring
from privacy.keyring import DataKey, Purpose
from privacy.models import Hold
from privacy.models.hold import REVIEW_MAX

BODIES, METADATA, SUPPORT = "bodies", "delivery metadata", "support threads"
UNITS = (BODIES, METADATA, SUPPORT)
WHOLE = frozenset({SUPPORT})  # about no message: kept whole, whichever messages the hold names


class NotBounded(ValueError):
    """A hold is reviewed within 90 days."""


class Released(ValueError):
    """The hold has ended."""


class OrderNotNamed(ValueError):
    """A lawful order has a reference by which it can be found."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """What must stay: everything of a workspace, or some of its messages."""

    everything: bool
    messages: frozenset[UUID]


def place(
    *,
    workspace: UUID,
    basis: str,
    units: Sequence[str],
    messages: Sequence[UUID] = (),
    document: str = "",
    reason: str,
    review_at: dt.datetime,
    by: UUID,
    at: dt.datetime,
) -> Hold:
    """Open a case. Raises ``NotBounded`` and ``OrderNotNamed``."""
    if not at < review_at <= at + REVIEW_MAX:
        raise NotBounded
    if basis == Hold.Basis.LEGAL_ORDER and not document:
        raise OrderNotNamed
    hold = Hold(
        workspace_id=workspace, basis=basis, units=list(units), message_ids=list(messages), document=document or None,
        reason=reason, owner_id=by, opened_at=at, reviewed_at=at, review_at=review_at,
    )  # fmt: skip
    with transaction.atomic(using="system"):
        hold.save(using="system", force_insert=True)
        _record("opened", hold, by, at)
    return hold


def review(*, hold: Hold, review_at: dt.datetime, by: UUID, at: dt.datetime) -> None:
    """Say that it is still needed, until the next review. Raises ``NotBounded`` and ``Released``."""
    if not at < review_at <= at + REVIEW_MAX:
        raise NotBounded
    with transaction.atomic(using="system"):
        _change(hold, reviewed_at=at, review_at=review_at, owner_id=by, reminded=0)
        _record("reviewed", hold, by, at)


def release(*, hold: Hold, reason: str, by: UUID, at: dt.datetime) -> None:
    """End it: from here on the calendar counts again, and what was kept for it alone is unreadable. Raises
    ``Released``. Not in a transaction."""
    hold.release_reason = reason
    sealed = hold._meta.get_field("release_reason").pre_save(hold, add=False)
    with transaction.atomic(using="system"):
        _change(hold, released_at=at, released_by=by, release_reason=sealed)
        _record("released", hold, by, at)
    keyring.destroy_workspace(hold.pk, at=at)  # a case has keys as a workspace has, under its own id


def key_of(hold: Hold) -> DataKey:
    """The key under which this case keeps texts. Raises ``KeyDestroyed`` once it is released."""
    return keyring.key(hold.pk, Purpose.HOLD)


def standing(*, workspace: UUID, unit: str, message: UUID | None = None) -> bool:
    """Whether data of this unit must stay now: of one message, or anything of the workspace."""
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT privacy.holds(%s, %s, %s)", [unit, workspace, message])
        return bool(cursor.fetchone()[0])


def held(*, workspace: UUID, unit: str) -> Held:
    """What of this unit must stay now in a workspace."""
    rows = Hold.objects.using("system").filter(workspace_id=workspace, released_at=None, units__contains=[unit])
    named = [set(ids) for ids in rows.values_list("message_ids", flat=True)]
    everything = not all(named) or (unit in WHOLE and bool(named))
    return Held(everything=everything, messages=frozenset(chain.from_iterable(named)))


def workspaces(unit: str) -> list[UUID]:
    """Where data of this unit must stay now."""
    rows = Hold.objects.using("system").filter(released_at=None, units__contains=[unit])
    return list(rows.values_list("workspace_id", flat=True).distinct())


def open_ones() -> list[Hold]:
    """Those that are not released, next review first."""
    return list(Hold.objects.using("system").filter(released_at=None).order_by("review_at"))


def _change(hold: Hold, **values: object) -> None:
    """Exactly one row that was not released."""
    if not Hold.objects.using("system").filter(pk=hold.pk, released_at=None).update(**values):
        raise Released


def _record(what: str, hold: Hold, by: UUID, at: dt.datetime) -> None:
    """In the log of the platform, not of the workspace: an order may forbid to tell."""
    audit.record(
        action=f"staff:hold:{what}", workspace=keyring.PLATFORM, actor=by, at=at, using="system",
        details={"hold": str(hold.pk), "subject": str(hold.workspace_id), "basis": hold.basis},
    )  # fmt: skip
