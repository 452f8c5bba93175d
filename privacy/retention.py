"""The purge: every registered unit in turn, each on its own, with a record of how it went.

Nothing depends on the purge being on time. Readers refuse what is over by themselves (``keyring`` by the calendar,
``messaging.presenting`` by the minute), so a stopped worker keeps nothing readable; this only cleans up behind them.
"""

import datetime as dt
import logging
from collections.abc import Iterator

from privacy import registry
from privacy.models import PurgeRun
from privacy.registry import Unit
from smsplatform.lib import clock
from smsplatform.lib.tasks import task

PASSES_MAX = 200  # batches of one unit in one run; what is left waits for the next

logger = logging.getLogger(__name__)


def purge(*, at: dt.datetime) -> Iterator[PurgeRun]:
    """Remove what is over at ``at``, one unit after the other; yields the record of each when it is finished."""
    for unit in registry.units():
        if unit.purge is not None:
            yield run(unit, at=at)


def run(unit: Unit, *, at: dt.datetime) -> PurgeRun:
    """Purge one unit in batches until nothing is left. A failure is recorded and leaves the other units alone."""
    done = PurgeRun.objects.using("system").create(unit=unit.name, started_at=clock.now())
    try:
        for removed in _batches(unit, at=at):
            done.removed += removed
    except Exception as error:
        done.error = type(error).__name__[:40]
        logger.exception("purge_failed", extra={"unit": unit.name})
    done.finished_at = clock.now()
    done.save(using="system", update_fields=["finished_at", "removed", "error"])
    return done


def extend(*, at: dt.datetime) -> int:
    """Make the partitions of the days and months to come; how many were missing."""
    return sum(tables.extend(at=at) for tables in registry.partitions())


@task(name="privacy.retention.purge", queue="privacy")
def purge_now() -> None:
    """Scheduled; safe to run twice and at the same time."""
    for _ in purge(at=clock.now()):
        pass


@task(name="privacy.retention.partitions", queue="privacy")
def partitions_now() -> None:
    """Scheduled; safe to run twice."""
    extend(at=clock.now())


def _batches(unit: Unit, *, at: dt.datetime) -> Iterator[int]:
    assert unit.purge is not None
    for _ in range(PASSES_MAX):
        removed = unit.purge(at=at)
        yield removed
        if not removed:
            return
