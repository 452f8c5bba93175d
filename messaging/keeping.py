"""Texts that a hold or a debugging window keeps: sealed anew before the key of their day dies.

    body ─day's key─▶ opened ─▶ key of the case        (hold; destroyed when it is released)
                             └▶ key of the window's last day   (destroyed when that day is over)

Copies are made within minutes of acceptance, so a worker may stand still for most of a day before one is lost. What a
hold keeps is shown to no customer; what a window keeps is shown until it ends.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

from django.db import connections, transaction

from messaging.models import KeptBody
from privacy import ciphers, holds, keyring, profiles
from privacy.keyring import DataKey
from privacy.models import DebugWindow, Hold
from smsplatform.lib import ids
from smsplatform.lib.tenancy import scope

BATCH = 500
SETTLED = dt.timedelta(minutes=1)  # ids are made some time before their rows can be seen
AHEAD_MAX = dt.timedelta(days=8)  # of a scheduled message, whose text lives from its acceptance on
ORIGINAL, KEPT = "messaging.Body.text", "messaging.KeptBody.text"
Case = Hold | DebugWindow
Sealed = tuple[UUID, bytes | None]


def keep(*, at: dt.datetime) -> int:
    """Bring a batch of texts of each open case to safety; how many messages were looked at."""
    return sum(_keep(case, at) for case in _cases(at))


def clear(*, at: dt.datetime) -> int:
    """Delete a batch of what nobody keeps any more; how many."""
    with connections["system"].cursor() as cursor:
        cursor.execute(_CLEAR, [at, BATCH])
        return int(cursor.rowcount)


def due() -> dt.datetime | None:
    """When the first case ended of those that still keep something."""
    with connections["system"].cursor() as cursor:
        cursor.execute(_DUE)
        found: dt.datetime | None = cursor.fetchone()[0]
    return found


def window_texts(*, workspace: UUID, messages: Sequence[UUID], at: dt.datetime) -> dict[UUID, str]:
    """Texts that the debugging window of the open workspace still keeps, by message."""
    if not messages:
        return {}
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT * FROM pipeline.window_texts(%s, %s, %s)", [scope.token(workspace), list(messages), at])
        return dict(_opened(workspace, cursor.fetchall()))


def held_text(*, hold: Hold, message: UUID) -> str | None:
    """A text that a case keeps, for who may see it by grant or order; None when it keeps none."""
    row = KeptBody.objects.using("system").filter(hold=hold, message_id=message).first()
    if row is None:
        return None
    return ciphers.unseal(bytes(row.text_ct), ciphers.aad(KEPT, hold.workspace_id, message)).decode()


def _cases(at: dt.datetime) -> Iterator[Case]:
    yield from (hold for hold in holds.open_ones() if holds.BODIES in hold.units)
    yield from DebugWindow.objects.using("system").filter(closed_at=None, opened_at__lte=at, ends_at__gt=at)


def _keep(case: Case, at: dt.datetime) -> int:
    rows = _to_keep(case, at)
    if not rows:
        return 0
    copies = list(_copies(case, rows))
    with transaction.atomic(using="system"):
        KeptBody.objects.using("system").bulk_create(copies, ignore_conflicts=True)
        type(case).objects.using("system").filter(pk=case.pk).update(kept_until_id=rows[-1][0])
    return len(rows)


def _to_keep(case: Case, at: dt.datetime) -> list[Sealed]:
    only = case.message_ids if isinstance(case, Hold) else []
    after = case.kept_until_id or ids.floor(_since(case))
    arguments: list[Any] = [case.workspace_id, after, ids.floor(at - SETTLED), only, isinstance(case, Hold), BATCH]
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT * FROM pipeline.bodies_to_keep(%s, %s, %s, %s, %s, %s)", arguments)
        return list(cursor.fetchall())


def _since(case: Case) -> dt.datetime:
    """A window keeps what is sent while it is open; a hold all that can still be read."""
    if isinstance(case, DebugWindow):
        return case.opened_at
    return case.opened_at - profiles.duration("retention.body_cap") - AHEAD_MAX


def _copies(case: Case, rows: Iterable[Sealed]) -> Iterator[KeptBody]:
    key = _key_of(case)
    kept_for = {"hold": case} if isinstance(case, Hold) else {"window": case}
    for message, sealed in rows:
        if (text := _text(case.workspace_id, message, sealed)) is not None:
            again = ciphers.seal(key, text, ciphers.aad(KEPT, case.workspace_id, message))
            yield KeptBody(message_id=message, workspace_id=case.workspace_id, text_ct=again, **kept_for)


def _key_of(case: Case) -> DataKey:
    if isinstance(case, Hold):
        return holds.key_of(case)
    return keyring.body_key(case.workspace_id, case.ends_at.astimezone(dt.UTC).date())


def _text(workspace: UUID, message: UUID, sealed: bytes | None) -> bytes | None:
    """None for one-time codes, which are never stored, and for what is gone already."""
    if sealed is None:
        return None
    try:
        return ciphers.unseal(bytes(sealed), ciphers.aad(ORIGINAL, workspace, message))
    except (keyring.KeyDestroyed, ciphers.CipherError):
        return None


def _opened(workspace: UUID, rows: Iterable[tuple[UUID, bytes]]) -> Iterator[tuple[UUID, str]]:
    for message, sealed in rows:
        try:
            yield message, ciphers.unseal(bytes(sealed), ciphers.aad(KEPT, workspace, message)).decode()
        except (keyring.KeyDestroyed, ciphers.CipherError):
            continue


_CLEAR = """
    DELETE FROM messaging_kept_body WHERE id IN (
        SELECT k.id FROM messaging_kept_body k
        LEFT JOIN privacy_hold h ON h.id = k.hold_id LEFT JOIN privacy_window w ON w.id = k.window_id
        WHERE h.released_at IS NOT NULL OR w.closed_at IS NOT NULL OR w.ends_at <= %s LIMIT %s)
"""

_DUE = """
    SELECT least(
        (SELECT min(h.released_at) FROM privacy_hold h
         WHERE h.released_at IS NOT NULL AND EXISTS (SELECT 1 FROM messaging_kept_body k WHERE k.hold_id = h.id)),
        (SELECT min(least(w.closed_at, w.ends_at)) FROM privacy_window w
         WHERE EXISTS (SELECT 1 FROM messaging_kept_body k WHERE k.window_id = w.id)))
"""
