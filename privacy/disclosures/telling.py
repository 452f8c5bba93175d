"""Telling the holder: a notice on their pages, a mail, an event in their log; and hearing what they object.

Where the law forbids it for a while, nothing of this exists until the while is over: the sweep makes it then.
"""

import datetime as dt
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.dispatch import Signal

from privacy import audit, profiles
from privacy.disclosures.register import DATABASE, State
from privacy.models import Disclosure, DisclosureNotice
from privacy.models.disclosure import Ground
from smsplatform.lib import clock
from smsplatform.lib.tasks import task
from smsplatform.lib.tenancy import scope

SHOWN = 50
OBJECTION_MAX = 4000
NO_WAIT = dt.timedelta(0)

# A workspace is told, inside its scope and transaction; arguments: notice, at.
published = Signal()


class NotObjectable(ValueError):
    """It was objected to before, or nothing can be stopped any more."""


def owed(*, at: dt.datetime) -> "list[Disclosure]":
    """Cases of which the holder may be told, and was not."""
    may = Q(bar_until=None) | Q(bar_until__lte=at)
    rows = Disclosure.objects.using(DATABASE).filter(may, notice_ordered_at__isnull=False, noticed_at=None)
    return list(rows.exclude(state=State.WITHDRAWN).order_by("id"))


def publish(*, at: dt.datetime) -> int:
    """Tell everybody who may be told; how many. Safe to repeat and to run twice at once."""
    cases = owed(at=at)
    for case in cases:
        _tell(case, at)
    return len(cases)


@task(name="privacy.disclosures.publish", queue="privacy")
def publish_now() -> None:
    """The sweep; also a wake-up, right after a notice was ordered."""
    publish(at=clock.now())


def of_workspace(workspace: UUID) -> list[DisclosureNotice]:
    """What the workspace was told, newest first; in its open scope."""
    return list(DisclosureNotice.objects.filter(workspace_id=workspace).order_by("-id")[:SHOWN])


def object_to(*, workspace: UUID, notice: UUID, words: str, by: UUID, at: dt.datetime) -> None:
    """Keep what the holder says against it; until somebody answers, nothing is disclosed. In the open scope.

    Raises ``NotObjectable``.
    """
    row = DisclosureNotice.objects.select_for_update().filter(workspace_id=workspace, pk=notice).first()
    if row is None or not row.may_object:
        raise NotObjectable
    row.objection, row.objected_at, row.objected_by = words[:OBJECTION_MAX], at, by
    row.save(update_fields=["objection", "objected_at", "objected_by"])
    details = {"disclosure": str(row.disclosure_id)}
    audit.record(action="user:disclosure:objected", workspace=workspace, actor=by, at=at, details=details)


def _tell(case: Disclosure, at: dt.datetime) -> None:
    """The notice first, in its workspace; then the case knows. Who dies in between leaves a notice that is found.

    The case is locked meanwhile: nobody makes the silence last longer just now.
    """
    with transaction.atomic(using=DATABASE):
        row = Disclosure.objects.using(DATABASE).select_for_update().get(pk=case.pk)
        if row.barred(at):
            return
        notice = _notice(row, at)
        rows = Disclosure.objects.using(DATABASE).filter(pk=row.pk, noticed_at=None)
        rows.update(noticed_at=notice.at, release_at=notice.release_at)


def _notice(case: Disclosure, at: dt.datetime) -> DisclosureNotice:
    release_at = case.release_at or at + _wait(case)
    with scope.workspace(case.workspace_id):
        notice, made = DisclosureNotice.objects.get_or_create(
            disclosure_id=case.pk, workspace_id=case.workspace_id, defaults=_told(case, release_at, at)
        )
        if made:
            published.send(sender=DisclosureNotice, notice=notice, at=at)
            audit.record(
                action="system:disclosure:notified", workspace=case.workspace_id, actor=None, at=at,
                details={"disclosure": str(case.pk)},
            )  # fmt: skip
    return notice


def _told(case: Disclosure, release_at: dt.datetime, at: dt.datetime) -> dict[str, object]:
    over = case.closed_at if case.state == State.HANDED_OVER else None
    return {
        "ground": case.ground, "authority": case.authority, "law": case.law, "records": case.records,
        "kinds": case.kinds, "since": case.since, "until": case.until, "barred_until": case.bar_until, "at": at,
        "release_at": release_at, "handed_over_at": over,
    }  # fmt: skip


def _wait(case: Disclosure) -> dt.timedelta:
    """How long the holder has to object; where a life is in danger, nobody waits."""
    return NO_WAIT if case.ground == Ground.EMERGENCY else profiles.duration("disclosure.wait")
