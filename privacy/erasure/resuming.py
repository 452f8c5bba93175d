"""Going on with erasures that a hold stopped, once it is released.

What is meant are the rows that were there when the erasure was asked for: who was texted again since then, is another
matter. Several holds may keep the same; as long as one stands, the rest is remembered.
"""

import datetime as dt
import logging
from collections.abc import Iterator
from dataclasses import replace

from django.db.models import Exists, OuterRef, QuerySet

from privacy import audit
from privacy.erasure.executing import HELD_UNITS, InFlight, carry_out, note
from privacy.erasure.planning import Step, compiled, counted, is_held
from privacy.keyring import PLATFORM
from privacy.models import Hold, StoppedErasure
from privacy.people import Person
from smsplatform.lib import clock
from smsplatform.lib.tasks import task

BATCH = 100

logger = logging.getLogger(__name__)


def waiting(hold: Hold) -> int:
    """How many erasures wait for the end of a hold."""
    return StoppedErasure.objects.using("system").filter(workspace_id=hold.workspace_id).count()


def overdue(*, since: dt.datetime) -> int:
    """Erasures that wait although a hold that stopped them ended before ``since``."""
    ended = Hold.objects.filter(
        workspace_id=OuterRef("workspace_id"), released_at__gte=OuterRef("tried_at"), released_at__lt=since
    )
    return StoppedErasure.objects.using("system").filter(Exists(ended)).count()


def resume(*, at: dt.datetime) -> int:
    """Erase what was kept for a hold that has ended; how many erasures are complete now. Safe to repeat."""
    return sum(_tried(row, at) for row in list(_released()[:BATCH]))


@task(name="privacy.erasure.resuming.sweep", queue="privacy")
def sweep() -> None:
    """Scheduled; safe to run twice."""
    resume(at=clock.now())


def _released() -> QuerySet[StoppedErasure]:
    ended = Hold.objects.filter(workspace_id=OuterRef("workspace_id"), released_at__gte=OuterRef("tried_at"))
    return StoppedErasure.objects.using("system").filter(Exists(ended)).order_by("tried_at")


def _tried(row: StoppedErasure, at: dt.datetime) -> bool:
    try:
        return _resume(row, at)
    except InFlight:
        return False
    except Exception:
        logger.exception("erasure_not_resumed", extra={"erasure": str(row.erasure_id)})
        return False


def _resume(row: StoppedErasure, at: dt.datetime) -> bool:
    person = person_of(row)
    left: dict[str, int] = {}
    removed = 0
    for step in _steps(row, person):
        if is_held(step):
            rows = counted(step, person).rows
            left |= {step.policy.model: left.get(step.policy.model, 0) + rows} if rows else {}
        elif step.kind in ("delete", "clear"):
            changed = carry_out(step, person, at)
            note(row.erasure_id, step, changed)
            removed += changed
    stored = StoppedErasure.objects.using("system").filter(pk=row.pk)
    if left:
        stored.update(left=left, tried_at=at)
    else:
        stored.delete()
    _record(row, removed, complete=not left, at=at)
    return not left


def person_of(row: StoppedErasure) -> Person:
    """Who it is about, as far as that is still known: enough to find the rows again."""
    index = bytes(row.number_idx) if row.number_idx is not None else b""
    return Person(subject=row.subject, user=row.user_id, index=index, workspace=row.workspace_id)


def _steps(row: StoppedErasure, person: Person) -> Iterator[Step]:
    """What holds can keep, of the rows that were there then."""
    for step in compiled(person):
        if step.section.workspace and HELD_UNITS & {unit.name for unit in step.policy.units}:
            before = row.begun_at if row.number_idx is not None else None
            yield replace(step, section=replace(step.section, before=before))


def _record(row: StoppedErasure, removed: int, *, complete: bool, at: dt.datetime) -> None:
    """In the log of the platform, as the hold: an order may forbid to tell."""
    audit.record(
        action="system:erasure:resumed", workspace=PLATFORM, actor=None, at=at, using="system",
        details={"erasure": str(row.erasure_id), "rows": str(removed), "complete": "yes" if complete else "no"},
    )  # fmt: skip
