"""The sealer: each minute what is new, each midnight (UTC) the day.

It seals what it finds, in its own order: a row that commits late, with an id from before, is in the next seal. It looks
back an hour by id, which no transaction outlives (``statement_timeout``), and before a day is closed over everything.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace

from django.db import connections, transaction

from privacy.keystore.models import LogHead
from privacy.sealing import merkle, signing
from privacy.sealing.records import NO_CHAIN, Row, Seal, Segment
from privacy.sealing.stored import StoredLog
from smsplatform.lib import clock
from smsplatform.lib.tasks import task

BATCH = 5000
LOOK_BACK = dt.timedelta(hours=1)
SYSTEM = "system"
ONE_AT_A_TIME = 0x5EA1  # the advisory lock of sealers
DAY = dt.timedelta(days=1)


def seal(*, at: dt.datetime) -> int:
    """Close the days that are over and seal what is new; how many events. Nothing when another sealer is at it."""
    with transaction.atomic(using=SYSTEM), connections[SYSTEM].cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [ONE_AT_A_TIME])
        if not cursor.fetchone()[0]:
            return 0
        sealed = run(StoredLog(cursor), at=at)
    remember()
    return sealed


def remember() -> None:
    """Tell the key store how far the log has come; never back."""
    with connections[SYSTEM].cursor() as cursor:
        log = StoredLog(cursor)
        last, segments = log.last_seal(), log.segments()
    if last is None:
        return
    values = {
        "seal": last.number,
        "mac": last.mac,
        "segments": len(segments),
        "root": merkle.root([segment.leaf for segment in segments]),
        "at": last.at,
    }
    with transaction.atomic(using="keystore"):
        head = LogHead.objects.select_for_update().first()
        if head is None:
            LogHead.objects.create(**values)
        elif head.seal < last.number:
            LogHead.objects.filter(pk=head.pk).update(**values)


@task(name="privacy.sealing.sealer.seal", queue="privacy")
def seal_now() -> None:
    """Scheduled each minute; safe to run twice and at the same time."""
    seal(at=clock.now())


def run(log: StoredLog, *, at: dt.datetime) -> int:
    """Close days and seal in ``log``, in the transaction of its cursor and alone; how many events."""
    last = log.last_seal()
    at = max(at, last.at) if last else at
    ends = last is not None and _day(last.at) < _day(at)
    since = None if ends or last is None else min(clock.now(), last.at) - LOOK_BACK
    if ends:
        _close(log, until=_day(at))
    sealed = 0
    for rows in _batches(log, since):
        last = _append(log, last, rows, at)
        sealed += len(rows)
    return sealed


def _batches(log: StoredLog, since: dt.datetime | None) -> Iterator[list[Row]]:
    """What no seal holds; at least one batch, be it empty: that nothing happened in a minute is sealed too."""
    rows = log.waiting(limit=BATCH, since=since)
    yield rows
    while len(rows) == BATCH:
        rows = log.waiting(limit=BATCH, since=since)
        yield rows


def _append(log: StoredLog, last: Seal | None, rows: list[Row], at: dt.datetime) -> Seal:
    made = Seal(
        number=last.number + 1 if last else 1,
        at=at,
        first=last.next_first if last else 0,
        events=tuple(row.id for row in rows),
        leaves=tuple(row.leaf for row in rows),
        mac=b"",
    )
    made = replace(made, mac=signing.seal_mac(made, last.mac if last else NO_CHAIN))
    log.append_seal(made)
    return made


def _close(log: StoredLog, *, until: dt.date) -> None:
    """Make the segments of all days before ``until`` that have none, also of those on which nobody sealed."""
    segments = log.segments()
    first = segments[-1].last_seal + 1 if segments else 1
    seals = list(log.seals(first, None))
    day = segments[-1].day + DAY if segments else _day(seals[0].at)
    while day < until:
        segments.append(_segment(log, segments, day, [seal for seal in seals if _day(seal.at) == day]))
        day += DAY


def _segment(log: StoredLog, segments: list[Segment], day: dt.date, seals: list[Seal]) -> Segment:
    before = segments[-1] if segments else None
    first_seal = before.last_seal + 1 if before else 1
    leaves = [leaf for seal in seals for leaf in seal.leaves]
    made = Segment(
        number=len(segments) + 1,
        day=day,
        first_seal=first_seal,
        last_seal=first_seal + len(seals) - 1,
        first=before.first + before.count if before else 0,
        count=len(leaves),
        root=merkle.root(leaves),
        chain=seals[-1].mac if seals else before.chain if before else NO_CHAIN,
        at=clock.now(),
        note="",
    )
    tree = merkle.root([*(segment.leaf for segment in segments), made.leaf])
    made = replace(made, note=signing.sign(made.number, tree))
    log.append_segment(made)
    return made


def _day(moment: dt.datetime) -> dt.date:
    return moment.astimezone(dt.UTC).date()
