"""The purge: every registered unit in turn, each on its own, with a record of what it removed.

Nothing depends on the purge being on time. Readers refuse what is over by themselves (each unit names its ``guard``),
so a stopped worker keeps nothing readable; this only cleans up behind them.

A run first brings to safety what is held, then destroys keys, then the rest, each unit in bounded batches. What is left
after its share makes the run queue itself again, so that a backlog neither blocks other work nor waits for the clock.
"""

import datetime as dt
import logging
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connections

from privacy import registry
from privacy.models import PurgeRun
from privacy.registry import Keeper, Purge, Unit
from smsplatform.lib import clock
from smsplatform.lib.tasks import task

BATCHES_MAX = 25  # of one unit in one run; what is left is for the next, which begins at once
EVERY = dt.timedelta(minutes=5)  # as the schedule says
SLACK = dt.timedelta(minutes=30)  # past this, what should be gone is overdue
SKEW_MAX = dt.timedelta(minutes=5)
_LOCK = "SELECT pg_try_advisory_lock(hashtext('privacy.retention'))"
_UNLOCK = "SELECT pg_advisory_unlock(hashtext('privacy.retention'))"

logger = logging.getLogger(__name__)


class ClockSkew(RuntimeError):
    """This machine and the database disagree on the time, so nobody can say what is over."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """How one unit does. ``due_at`` is when its oldest row was or will be over."""

    unit: Unit
    last: PurgeRun | None
    due_at: dt.datetime | None
    overdue: bool


def purge(*, at: dt.datetime) -> Iterator[PurgeRun]:
    """Remove what is over at ``at``, one unit after the other; yields the record of each when it is finished.

    When something held could not be brought to safety, no key is destroyed and no text dropped: they are refused to
    readers all the same.
    """
    saved = [run(keeper, at=at) for keeper in registry.keepers()]
    yield from saved
    unsafe = any(each.error for each in saved)
    for unit in registry.units():
        if unit.purge is not None and not (unsafe and unit.action == "shred"):
            yield run(unit, at=at)


def run(unit: Unit | Keeper, *, at: dt.datetime) -> PurgeRun:
    """Purge one unit in batches until nothing is left, or its share is used up. A failure is recorded and leaves the
    other units alone."""
    done = PurgeRun(unit=unit.name, started_at=clock.now())
    done.unfinished = True
    work = unit.keep if isinstance(unit, Keeper) else unit.purge
    assert work is not None
    try:
        for removed in _batches(work, at=at):
            done.removed += removed
            done.unfinished = bool(removed)
    except Exception as error:
        done.error, done.unfinished = type(error).__name__[:40], False
        logger.exception("purge_failed", extra={"unit": unit.name})
    done.finished_at = clock.now()
    if done.removed or done.error:
        done.save(using="system")
    return done


def check_clock() -> None:
    """Raise ``ClockSkew`` when this machine's time is further from the database's than any slow answer explains."""
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        theirs: dt.datetime = cursor.fetchone()[0]
    if abs(clock.now() - theirs) > SKEW_MAX:
        raise ClockSkew


def beat() -> bool:
    """A whole run and its heartbeat, unless another one is at it; whether work is left."""
    with connections["system"].cursor() as cursor:
        cursor.execute(_LOCK)
        if not cursor.fetchone()[0]:
            return False
    try:
        return _beat()
    finally:
        with connections["system"].cursor() as cursor:
            cursor.execute(_UNLOCK)


def _beat() -> bool:
    heart = PurgeRun(unit=PurgeRun.HEARTBEAT, started_at=clock.now())
    unfinished = False
    try:
        check_clock()
        for done in purge(at=clock.now()):
            heart.removed += done.removed
            heart.error = heart.error or done.error
            unfinished = unfinished or done.unfinished
    except ClockSkew as error:
        heart.error = type(error).__name__
        logger.error("purge_refused", extra={"reason": "clock_skew"})  # a traceback says no more
    heart.finished_at = clock.now()
    heart.save(using="system")
    return unfinished


def standings(*, at: dt.datetime) -> list[Standing]:
    """How every unit with a purge does, keys first; one look into an index for each."""
    last = {row.unit: row for row in _newest()}
    return [_standing(unit, last.get(unit.name), at) for unit in registry.units() if unit.purge is not None]


def undated() -> list[Unit]:
    """Units that end by something else than the calendar, each with the reason."""
    return [unit for unit in registry.units() if unit.purge is None]


def heartbeat() -> PurgeRun | None:
    """The newest run, whatever it did."""
    runs = PurgeRun.objects.using("system").filter(unit=PurgeRun.HEARTBEAT, finished_at__isnull=False)
    return runs.order_by("-id").first()


def _standing(unit: Unit, last: PurgeRun | None, at: dt.datetime) -> Standing:
    due_at = unit.due() if unit.due is not None else None
    overdue = due_at is not None and due_at + SLACK < at
    return Standing(unit=unit, last=last, due_at=due_at, overdue=overdue)


def _newest() -> "list[PurgeRun]":
    return list(PurgeRun.objects.using("system").order_by("unit", "-id").distinct("unit"))


def extend(*, at: dt.datetime) -> int:
    """Make the partitions of the days and months to come; how many were missing."""
    return sum(tables.extend(at=at) for tables in registry.partitions())


@task(name="privacy.retention.purge", queue="privacy")
def purge_now() -> None:
    """Scheduled; queues itself again while there is work. Safe to run twice and at the same time."""
    if beat():
        purge_now.apply_async(expires=EVERY.total_seconds())


@task(name="privacy.retention.partitions", queue="privacy")
def partitions_now() -> None:
    """Scheduled; safe to run twice."""
    extend(at=clock.now())


def _batches(work: Purge, *, at: dt.datetime) -> Iterator[int]:
    for _ in range(BATCHES_MAX):
        removed = work(at=at)
        yield removed
        if not removed:
            return
