"""Exports: a list becomes a file, piece by piece, however long it is and whoever dies meanwhile.

One call of ``step`` reads a bounded piece, seals it and moves the cursor in one transaction; the task that calls it
asks for the next. A step that was lost is found by the sweep and begins where the last one ended. The file holds what
was accepted before the export was asked for, is read through the web only, and vanishes a day after it is finished.
"""

import datetime as dt
import json
import logging
from collections.abc import Callable, Iterator
from functools import partial
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from django.db import connections, transaction
from django.utils import timezone

from accounts.models import Membership, StaffProposal, Workspace
from messaging.exporting import KINDS, Piece, Row, Selection
from messaging.models import Export, ExportPiece
from privacy import audit
from privacy.ciphers import CipherError
from privacy.keyring import KeyDestroyed
from smsplatform.lib import clock, ids, mail, tables
from smsplatform.lib.tasks import task, workspace_task
from smsplatform.lib.tenancy import scope

KEPT = dt.timedelta(hours=24)
STAFF_KEPT = dt.timedelta(hours=1)
ACTIVE_MAX = 3  # unfinished exports of a workspace
STALE = dt.timedelta(seconds=30)  # an export not touched for so long has lost its task
SWEPT_MAX = 100
ACTIVE = (Export.State.QUEUED, Export.State.RUNNING)

logger = logging.getLogger(__name__)


class TooMany(RuntimeError):
    """The workspace has ``ACTIVE_MAX`` unfinished exports."""


class NotReady(RuntimeError):
    """The file is not finished, or its time is over."""


# Asking


def start(
    *, workspace: UUID, by: UUID, kind: str, chosen: Selection, file_format: str, at: dt.datetime
) -> Export:  # fmt: skip
    """Ask for an export in the open scope of ``workspace``. Raises ``TooMany``."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"exports {workspace}"])
    if Export.objects.filter(workspace_id=workspace, level=0, state__in=ACTIVE).count() >= ACTIVE_MAX:
        raise TooMany
    made = Export.objects.create(
        workspace_id=workspace,
        requested_by=by,
        kind=kind,
        filter=msgspec.json.encode(chosen).decode(),
        format=file_format,
        created_at=at,
        touched_at=at,
        expires_at=at + KEPT,
    )
    _record("created", made, by, at)
    wake(made)
    return made


def retry(export: Export, *, by: UUID, at: dt.datetime) -> None:
    """Go on with a failed export where it stopped. Raises ``NotReady`` for any other."""
    changed = Export.objects.filter(pk=export.pk, state=Export.State.FAILED, expires_at__gt=at).update(
        state=Export.State.QUEUED, error="", touched_at=at, finished_at=None, expires_at=at + KEPT
    )
    if not changed:
        raise NotReady
    _record("retried", export, by, at)
    wake(export)


def remove(export: Export, *, by: UUID, at: dt.datetime) -> None:
    """Delete the file and its record now."""
    _record("removed", export, by, at)
    export.delete()


def selection_of(export: Export) -> Selection | None:
    """What was asked for; None when that was forgotten."""
    try:
        return msgspec.json.decode(export.filter, type=Selection) if export.filter else None
    except (KeyDestroyed, CipherError):
        return None


# Making


def step(*, export: UUID, at: dt.datetime) -> bool:
    """Make the next piece in the open scope; whether there is more. Nothing if somebody else is at it."""
    row = Export.objects.select_for_update(skip_locked=True).filter(pk=export, state__in=ACTIVE).first()
    if row is None:
        return False
    try:
        with transaction.atomic(), timezone.override(_zone(row)):
            _advance(row, at)
    except Exception as error:
        logger.exception("export_failed", extra={"export": str(row.id)})
        row.state, row.error = Export.State.FAILED, type(error).__name__[:40]
    row.touched_at = at
    if row.state not in ACTIVE:
        row.finished_at, row.expires_at = at, at + (STAFF_KEPT if row.level else KEPT)
    row.save()
    return row.state in ACTIVE


def _zone(row: Export) -> ZoneInfo:
    """A day of the filter is one of the workspace, as on the page it was chosen on."""
    return ZoneInfo(Workspace.objects.values_list("time_zone", flat=True).get(pk=row.workspace_id))


def _advance(row: Export, at: dt.datetime) -> None:
    kind, chosen = KINDS[row.kind], _chosen(row)
    where = {"workspace": row.workspace_id, "chosen": chosen, "at": at, "before": row.cursor or row.id}
    if row.state == Export.State.QUEUED and row.cursor is None:
        row.rows_estimated = kind.estimate(**where)
    row.state = Export.State.RUNNING
    piece: Piece = kind.read(**where)
    if piece.rows:
        content = _written(row.format, kind.columns, piece.rows)
        column = "masked" if row.kind == Export.Kind.MASKED else "content"
        ExportPiece.objects.create(
            workspace_id=row.workspace_id, export_id=row.id, number=row.pieces, level=row.level, **{column: content}
        )  # fmt: skip
        row.pieces += 1
    row.cursor = piece.cursor
    row.rows_done += len(piece.rows)
    row.rows_read = row.rows_estimated if piece.cursor is None else _read_so_far(row, where, piece.cursor)
    if piece.cursor is None:
        row.state = Export.State.DONE


def _chosen(row: Export) -> Selection:
    """What was asked for: sealed with the export, or in the proposal that a second person agreed to."""
    if row.proposal_id is None:
        return msgspec.json.decode(row.filter or "", type=Selection)
    chosen = StaffProposal.objects.values_list("chosen", flat=True).get(pk=row.proposal_id)
    return msgspec.convert({"livemode": chosen["livemode"], "wanted": chosen["wanted"]}, type=Selection)


def _read_so_far(row: Export, where: dict[str, object], cursor: UUID) -> int:
    """How many of the rows to read lie behind the cursor; only roughly, because some may have been purged."""
    left = KINDS[row.kind].estimate(**{**where, "before": cursor})
    return max(row.rows_read, row.rows_estimated - left)


def _written(file_format: str, columns: tuple[str, ...], rows: list[Row]) -> str:
    if file_format == Export.Format.CSV:
        return "".join(tables.csv_row([row[column] for column in columns]) for row in rows)
    between = ",\n" if file_format == Export.Format.JSON else "\n"
    return between.join(json.dumps(row, ensure_ascii=False) for row in rows)


# Reading


def lines(*, workspace: UUID, export: UUID, at: dt.datetime) -> Iterator[str]:
    """The finished file in pieces, each read in a scope of its own. Raises ``NotReady``."""
    with scope.workspace(workspace):
        row = Export.objects.filter(pk=export, state=Export.State.DONE, expires_at__gt=at).first()
    if row is None:
        raise NotReady
    yield from framed(row, partial(_piece, workspace, export))


def framed(row: Export, piece: Callable[[int], str]) -> Iterator[str]:
    """The file around its pieces."""
    yield _head(row)
    for number in range(row.pieces):
        if number and row.format != Export.Format.CSV:
            yield ",\n" if row.format == Export.Format.JSON else "\n"
        yield piece(number)
    yield {Export.Format.JSON: "\n]\n", Export.Format.JSONL: "\n" if row.pieces else ""}.get(row.format, "")  # type: ignore[call-overload]  # a Format by its choices


def _head(row: Export) -> str:
    if row.format == Export.Format.CSV:
        return "\ufeff" + tables.csv_row(KINDS[row.kind].columns)
    return "[\n" if row.format == Export.Format.JSON else ""


def _piece(workspace: UUID, export: UUID, number: int) -> str:
    with scope.workspace(workspace):
        return str(ExportPiece.objects.get(export_id=export, number=number).content)


def downloaded(export: Export, *, by: UUID, at: dt.datetime) -> None:
    """Record that somebody takes the file away. Raises ``NotReady``."""
    if export.state != Export.State.DONE or export.expires_at <= at:
        raise NotReady
    _record("downloaded", export, by, at)


# Working


@workspace_task(name="messaging.exports.run", queue="default")
def run(*, export: str) -> None:
    """Make one piece and ask for the next."""
    wanted, place = UUID(export), scope.current()
    more = step(export=wanted, at=clock.now())
    finished = not more and Export.objects.filter(pk=wanted, finished_at__isnull=False).exists()
    if more:
        transaction.on_commit(partial(publish, str(place), export), robust=True)
    elif finished:
        transaction.on_commit(
            partial(tell.apply_async, kwargs={"workspace": str(place), "export": export}), robust=True
        )


@task(name="messaging.exports.tell", queue="default")
def tell(*, workspace: str, export: str) -> None:
    """Write to who asked for it, if they may still see it."""
    with scope.workspace(UUID(workspace)):
        row = Export.objects.filter(pk=UUID(export)).first()
        member = row and Membership.objects.filter(user_id=row.requested_by, user__is_active=True).first()
        reader = member.user if member else None
        name = Workspace.objects.values_list("name", flat=True).get(pk=UUID(workspace))
    if row is None or reader is None:
        return
    context = {
        "workspace": name, "ready": row.state == Export.State.DONE, "rows": row.rows_done, "until": row.expires_at,
        "url": mail.link("/exports"),
    }  # fmt: skip
    try:
        mail.send("messaging/export_finished", to=[reader], context=context)
    except mail.Undelivered as error:
        logger.warning("mail_undelivered", extra={"error": error.code})


@task(name="messaging.exports.sweep", queue="default")
def sweep() -> None:
    """Scheduled; wakes exports whose task was lost."""
    for workspace, export in stale(at=clock.now()):
        publish(str(workspace), str(export))


def stale(*, at: dt.datetime) -> list[tuple[UUID, UUID]]:
    """Unfinished exports that nobody has touched for a while: workspace and id."""
    rows = Export.objects.using("system").filter(state__in=ACTIVE, touched_at__lte=at - STALE)
    return list(rows.order_by("touched_at").values_list("workspace_id", "id")[:SWEPT_MAX])


def wake(export: Export) -> None:
    """Have it made once the running transaction is committed."""
    transaction.on_commit(partial(publish, str(export.workspace_id), str(export.id)), robust=True)


def publish(workspace: str, export: str) -> None:
    """Wake a worker for this file."""
    run.apply_async(kwargs={"workspace": workspace, "export": export})


def _record(what: str, export: Export, by: UUID, at: dt.datetime) -> None:
    details = {"export": ids.encode(ids.EXPORT, export.id), "kind": export.kind, "format": export.format}
    audit.record(action=f"user:export:{what}", workspace=export.workspace_id, actor=by, at=at, details=details)
