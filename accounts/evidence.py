"""What a person does to their own account, written down in each of their workspaces; of staff, for the platform."""

import datetime as dt
from functools import partial
from uuid import UUID

from django.db import connections, transaction

from accounts.models import User
from privacy import audit
from smsplatform.lib import clock
from smsplatform.lib.tasks import task
from smsplatform.lib.tenancy import scope


def record(*, user: UUID, action: str, at: dt.datetime, details: dict[str, str] | None = None) -> None:
    """Append an event by ``user`` in every workspace they belong to.

    After the running transaction, because one transaction sees one workspace.
    """
    transaction.on_commit(partial(_record, user, user, action, at, details or {}))


@task(name="accounts.evidence.refused", queue="default")
def refused(*, address: str) -> None:
    """Somebody tried a wrong password for the account of an address (its blind index), if there is one.

    As a task, so that the answer takes as long for addresses without an account.
    """
    user = User.objects.filter(email_idx=UUID(address).bytes).only("id").first()
    if user is not None:
        _record(user.id, None, "user:session:refused", clock.now(), {"user": str(user.id)})


def _record(user: UUID, actor: UUID | None, action: str, at: dt.datetime, details: dict[str, str]) -> None:
    _record_of_staff(user, actor, action, at, details)
    for workspace in _workspaces(user):
        with scope.workspace(workspace):
            audit.record(action=action, workspace=workspace, actor=actor, at=at, details=details)


def _record_of_staff(user: UUID, actor: UUID | None, action: str, at: dt.datetime, details: dict[str, str]) -> None:
    """What staff do to their own account concerns the platform, also when they belong to no workspace."""
    if User.objects.filter(pk=user).exclude(staff_role="").exists():
        action = action.replace("user:", "staff:", 1)
        audit.record(action=action, workspace=audit.PLATFORM, actor=actor, at=at, details=details)


def _workspaces(user: UUID) -> list[UUID]:
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT workspace_id FROM access.memberships(%s)", [scope.token(user, kind="u")])
        return [row[0] for row in cursor.fetchall()]
