"""Closing a workspace: confirmed twice, then at once for everybody in it, after a time to think for its data.

    open ──asked on its page──▶ a link in the mailbox of who asked ──▶ closed: nobody enters, keys are refused
      ▲                            │ ran out, taken back                 │ grace, a day, or nothing
      └────────────────────────────┴──── an owner reopens ◀──────────────┴──▶ erased: keys destroyed, rows deleted

Erasing at once needs both confirmations like everything else. Whoever took over a session does not have the mailbox.

Erasing begins with the keys, because from then on nothing opens, in no copy of the database; what follows cleans up. It
goes table by table in the order of ``registry.of_workspaces``, in bounded batches, each a transaction of its own, and
may stop and begin again anywhere. What is kept, and why, is declared in ``personal_data.py`` of each app.
"""

import datetime as dt
import logging
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import connections, transaction
from django.dispatch import receiver

from accounts import letters, links, notices
from accounts.models import ClosingWish, User, Workspace
from accounts.roles import Role
from privacy import archives, audit, erasure, holdings, keyring, profiles, registry
from privacy.erasure import Plan, sending_stops, workspace_came_back
from privacy.people import Person
from privacy.registry import ModelPolicy
from smsplatform.lib import clock, ids
from smsplatform.lib.tasks import task
from smsplatform.lib.tenancy import scope

BATCH = 5000
When = ClosingWish.When

logger = logging.getLogger(__name__)


class NotReopenable(LookupError):
    """The workspace is not closed, its time of grace is over, or this person was no owner of it."""


class NotConfirmable(LookupError):
    """The wish was taken back or used meanwhile, or who asked is no owner any more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Closed:
    """A closed workspace that can still be opened again."""

    id: UUID
    name: str
    closed_at: dt.datetime
    erase_at: dt.datetime


def ask(*, workspace: Workspace, by: User, when: str, at: dt.datetime) -> ClosingWish:
    """Note the wish in the open scope, in place of an earlier one, and mail its link to who asked."""
    with transaction.atomic():
        ClosingWish.objects.filter(workspace=workspace).delete()
        wish = ClosingWish.objects.create(id=ids.uuid7(at), workspace=workspace, asked_by=by.pk, when=when, asked_at=at)
        _record("closing_asked", workspace.pk, by, at, {"erase": when})
        letters.post(letters.closing_asked, wish=str(wish.pk), workspace=str(workspace.pk))
    return wish


def asked(workspace: UUID, *, at: dt.datetime) -> ClosingWish | None:
    """The wish that waits for its confirmation, in the open scope."""
    return ClosingWish.objects.filter(workspace_id=workspace, asked_at__gt=at - links.CLOSING_KEPT).first()


def withdraw(*, workspace: UUID, by: User, at: dt.datetime) -> None:
    """Forget the wish, in the open scope; its link is worth nothing any more. Any owner may."""
    with transaction.atomic():
        if ClosingWish.objects.filter(workspace_id=workspace).delete()[0]:
            _record("closing_withdrawn", workspace, by, at, {})


def confirm(wish: ClosingWish, *, at: dt.datetime) -> None:
    """Close after the second confirmation, outside of any scope. Raises ``NotConfirmable``."""
    with scope.workspace(wish.workspace_id), transaction.atomic():
        workspace = Workspace.objects.select_for_update().get(pk=wish.workspace_id)
        owners = {owner.pk: owner for owner in notices.people(workspace.pk, Role.OWNER)}
        gone = not ClosingWish.objects.filter(pk=wish.pk).delete()[0]
        if gone or workspace.closed_at is not None or wish.asked_by not in owners:
            raise NotConfirmable
        close(workspace=workspace, by=owners[wish.asked_by], when=wish.when, at=at)


def waits(when: str) -> dt.timedelta:
    """How long after closing a workspace is erased."""
    if when == When.NOW:
        return dt.timedelta()
    return profiles.duration("erasure.cool_off" if when == When.COOL_OFF else "retention.account_grace")


def preselected() -> str | None:
    """When to erase if the person just goes on, as the policy says; None where it leaves that to them."""
    mode = str(profiles.value("erasure.mode"))
    return mode if mode in When.values else None


def close(*, workspace: Workspace, by: User, when: str, at: dt.datetime) -> None:
    """Close, in the open scope, and say when it is erased. Pages go by ``ask`` and ``confirm``."""
    workspace.closed_at, workspace.erase_at = at, at + waits(when)
    workspace.save(update_fields=["closed_at", "erase_at"])
    _record("closed", workspace.pk, by, at, {"erase": "after_grace" if when == When.GRACE else when})
    notices.closed(workspace=workspace, by=by, grace=when != When.NOW)


def _record(what: str, workspace: UUID, by: User, at: dt.datetime, details: dict[str, str]) -> None:
    audit.record(action=f"user:workspace:{what}", workspace=workspace, actor=by.pk, at=at, details=details)


def reopenable(user: User, *, at: dt.datetime) -> list[Closed]:
    """Closed workspaces that this person may open again, whatever workspace is open."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT * FROM access.reopenable(%s, %s)", [scope.token(user.pk, kind="u"), at])
        names = Closed.__slots__
        return [Closed(**dict(zip(names, row, strict=True))) for row in cursor.fetchall()]


def reopen(*, workspace: UUID, by: User, at: dt.datetime) -> None:
    """Take a closing back, outside of any scope. Raises ``NotReopenable``."""
    if workspace not in {closed.id for closed in reopenable(by, at=at)}:
        raise NotReopenable
    with scope.workspace(workspace):
        row = Workspace.objects.select_for_update().get(pk=workspace)
        if row.erase_at is None or row.erase_at <= at:
            raise NotReopenable
        row.closed_at = row.erase_at = None
        row.save(update_fields=["closed_at", "erase_at"])
        _record("reopened", workspace, by, at, {})
        notices.reopened(workspace=row, by=by)


def plan(workspace: UUID) -> Plan:
    """What erasing this workspace would do now, in the open scope: which rows go, which stay and why."""
    return erasure.plan(Person(subject=holdings.WORKSPACE, workspace=workspace))


def goes() -> list[ModelPolicy]:
    """What is deleted or emptied, in that order."""
    return [policy for policy in registry.of_workspaces() if policy.closing != "keep"]


def stays() -> list[ModelPolicy]:
    """What outlives the workspace, each with its reason."""
    return [policy for policy in registry.of_workspaces() if policy.closing != "delete"]


def due(*, at: dt.datetime) -> list[UUID]:
    """Workspaces to be erased, longest overdue first."""
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT access.closings_due(%s)", [at])
        return [row[0] for row in cursor.fetchall()]


def erase(*, workspace: UUID, at: dt.datetime) -> int:
    """Destroy the keys and delete the rows of a workspace whose time has come; how many rows. Not in a transaction."""
    with scope.workspace(workspace):
        name = Workspace.objects.values_list("name", flat=True).get(pk=workspace)
        owners = notices.people(workspace, Role.OWNER)
    if not keyring.is_erased(workspace):
        sending_stops.send(sender=Workspace, workspace=workspace, msisdn="", at=at)  # money back first
        archives.revoke(Person(subject=holdings.WORKSPACE, workspace=workspace), at=at)
        keyring.destroy_workspace(workspace, at=at)
    removed = _take_apart(workspace, at)
    notices.erased(name=name, owners=owners)
    return removed


def _take_apart(workspace: UUID, at: dt.datetime) -> int:
    removed = 0
    while batch := sum(_delete_all(policy, workspace, at) for policy in goes() if policy.closing == "delete"):
        removed += batch  # once more: a trigger may have written a row about one that went
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT access.finish_closing(%s, %s)", [workspace, at])
    audit.record(
        action="system:workspace:erased", workspace=workspace, actor=None, at=at, details={"rows": str(removed)},
        using="system",
    )  # fmt: skip
    return removed


@receiver(workspace_came_back, dispatch_uid="accounts.closing")
def erase_again(workspace: UUID, at: dt.datetime, **kwargs: Any) -> int:
    """Take a workspace apart that a restored database brought back; how many rows. Nobody is written to again."""
    with scope.workspace(workspace):
        back = Workspace.objects.filter(pk=workspace, erased_at=None)
        if not back.update(closed_at=at, erase_at=at):
            return 0
    return _take_apart(workspace, at)


@task(name="accounts.closing.erase_due", queue="privacy")
def erase_due() -> None:
    """Scheduled; safe to run twice. A workspace that fails is tried again next time and stops no other."""
    at = clock.now()
    for workspace in due(at=at):
        try:
            erase(workspace=workspace, at=at)
        except Exception:
            logger.exception("closing_failed", extra={"workspace": str(workspace)})


def _delete_all(policy: ModelPolicy, workspace: UUID, at: dt.datetime) -> int:
    model = apps.get_model(policy.model)
    keys = [field.column for field in model._meta.pk_fields]
    removed = 0
    while True:
        with connections["system"].cursor() as cursor:
            cursor.execute(
                "SELECT access.erase_rows(%s, %s, %s, %s, %s)", [workspace, model._meta.db_table, keys, at, BATCH]
            )
            batch = int(cursor.fetchone()[0])
        removed += batch
        if batch < BATCH:
            return removed
