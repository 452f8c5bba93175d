"""Files of a workspace's messages for staff: asked for under a grant, agreed to by a second person, then made like any
other export, kept for an hour, and taken away three times at most.

What a file holds follows from the level of the grant it was asked under: masked numbers, numbers, or texts too. It is
opened under a grant of that level again, piece by piece, each piece behind all three doors.
"""

import datetime as dt
from collections.abc import Iterator
from uuid import UUID

from django.db.models import F

from accounts import grants
from accounts.models import StaffGrant, StaffProposal
from messaging import exports
from messaging.models import Export, ExportPiece
from privacy import audit
from smsplatform.lib import clock
from smsplatform.lib.tenancy import scope, staff
from smsplatform.lib.tenancy.staff import Level

DOWNLOADS_MAX = 3
KINDS = {
    Level.METADATA: Export.Kind.MASKED,
    Level.IDENTIFIERS: Export.Kind.MESSAGES,
    Level.CONTENT: Export.Kind.CONTENT,
}
SHOWS = {
    Level.METADATA: ("delivery_meta",),
    Level.IDENTIFIERS: ("delivery_meta", "msisdn"),
    Level.CONTENT: ("delivery_meta", "msisdn", "body"),
}


def make(proposal: StaffProposal, *, at: dt.datetime) -> Export:
    """Begin the file a second person agreed to, in the open scope of its workspace."""
    made = Export(
        workspace_id=proposal.workspace_id, requested_by=proposal.asked_by, kind=KINDS[Level(proposal.level)],
        format=proposal.chosen["format"], level=proposal.level, proposal_id=proposal.pk, downloads_left=DOWNLOADS_MAX,
        created_at=at, touched_at=at, expires_at=at + exports.KEPT,
    )  # fmt: skip
    made.save(force_insert=True, using="default")
    exports.wake(made)
    return made


def of_workspace(workspace: UUID) -> dict[UUID, Export]:
    """The files made for staff, by proposal, under the grant in force."""
    rows = Export.objects.filter(workspace_id=workspace, level__gt=0).order_by("-id")
    return {row.proposal_id: row for row in rows if row.proposal_id}


def ready(export: Export, *, at: dt.datetime) -> bool:
    """Whether the file can be taken away."""
    return export.state == Export.State.DONE and export.expires_at > at and bool(export.downloads_left)


def take(export: Export, *, grant: StaffGrant, by: UUID, at: dt.datetime) -> None:
    """Count a download and write it down, before a byte leaves. Raises ``exports.NotReady``."""
    with scope.workspace(export.workspace_id):
        rows = Export.objects.using("default").filter(pk=export.pk, requested_by=by, state=Export.State.DONE)
        taken = rows.filter(expires_at__gt=at, downloads_left__gt=0).update(downloads_left=F("downloads_left") - 1)
        if not taken:
            raise exports.NotReady
        details = {
            "export": str(export.pk), "proposal": str(export.proposal_id), "grant": str(grant.pk),
            "level": Level(export.level).name, "rows": str(export.rows_done), "format": export.format,
        }  # fmt: skip
        audit.record(
            action="staff:export:downloaded", workspace=export.workspace_id, actor=by, at=at, details=details,
            withheld_until=grant.withheld_until,
        )  # fmt: skip


def lines(export: Export, *, by: UUID) -> Iterator[str]:
    """The file, each piece opened under a grant that is looked for anew: the answer outlives its request.

    Raises ``staff.StaffRefused`` when the grant ends meanwhile; what has left by then has left.
    """
    return exports.framed(export, lambda number: _piece(export, number, by))


def _piece(export: Export, number: int, by: UUID) -> str:
    with staff.console():
        grant = grants.strongest(staff_id=by, workspace=export.workspace_id, at=clock.now())
        if grant is None or grant.level < export.level:
            raise staff.StaffRefused("the grant is over")
        with staff.admitted(grants.pass_of(grant)):
            row = ExportPiece.objects.get(export_id=export.pk, number=number)
            return str(row.masked if export.kind == Export.Kind.MASKED else row.content)
