"""Asking to be let in: a workspace has a join link while its owner wants one, and somebody decides on each request."""

import datetime as dt
import hashlib
from uuid import UUID

from django.db import IntegrityError, connections, models, transaction

from accounts import team
from accounts.models import JoinRequest, Membership, User, Workspace
from privacy import audit
from smsplatform.lib import ids, secrets
from smsplatform.lib.tenancy import scope


class NoSuchLink(LookupError):
    """This link leads nowhere, or not any more."""


class AlreadyMember(Exception):
    """This person is in the workspace already."""


class AlreadyAsked(Exception):
    """There is a request of this person already, unanswered or refused a short while ago."""


def switch_on(*, workspace: Workspace, by: UUID, at: dt.datetime) -> None:
    """Make a join link; the former one stops working."""
    _put(workspace, secrets.token(18), "switched_on", by, at)


def switch_off(*, workspace: Workspace, by: UUID, at: dt.datetime) -> None:
    """Take the link away. Requests already made stay."""
    _put(workspace, None, "switched_off", by, at)


def find(token: str) -> tuple[UUID, str]:
    """Id and name of the workspace behind a link, whatever workspace is open. Raises ``NoSuchLink``."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT * FROM access.workspace_by_join(%s)", [_digest(token)])
        row: tuple[UUID, str] | None = cursor.fetchone()
    if row is None:
        raise NoSuchLink
    return row


def ask(*, token: str, user: User, at: dt.datetime) -> UUID:
    """Ask to be let in, outside of any scope; the workspace.

    Raises ``NoSuchLink``, ``AlreadyMember``, ``AlreadyAsked``.
    """
    workspace, _ = find(token)
    with scope.workspace(workspace):
        if Membership.objects.filter(workspace_id=workspace, user=user).exists():
            raise AlreadyMember
        if _of(workspace).filter(user_id=user.pk, state=JoinRequest.State.REFUSED).exists():
            raise AlreadyAsked
        try:
            with transaction.atomic():
                made = JoinRequest.objects.create(workspace_id=workspace, user_id=user.pk, created_at=at)
        except IntegrityError:
            raise AlreadyAsked from None
        _record("asked", made, user.pk, at)
    return workspace


def accept(*, request: JoinRequest, role: str, by: UUID, by_role: str, at: dt.datetime) -> None:
    """Let the person in with a role, in the open scope. Raises ``team.OwnersOnly``."""
    team.check_rank(by_role, role)
    Membership.objects.get_or_create(
        workspace_id=request.workspace_id, user_id=request.user_id, defaults={"role": role, "created_at": at}
    )
    _decide(request, JoinRequest.State.ACCEPTED, by, at)


def refuse(*, request: JoinRequest, by: UUID, at: dt.datetime) -> None:
    """Do not let the person in."""
    _decide(request, JoinRequest.State.REFUSED, by, at)


def pending(workspace: UUID) -> "models.QuerySet[JoinRequest]":
    """What waits for an answer, oldest first."""
    return _of(workspace).filter(state=JoinRequest.State.PENDING).order_by("id")


def waiting(user: UUID) -> list[str]:
    """Names of the workspaces where this person waits for an answer, whatever workspace is open."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT name FROM access.waiting(%s)", [scope.token(user, kind="u")])
        return [row[0] for row in cursor.fetchall()]


def _of(workspace: UUID) -> "models.QuerySet[JoinRequest]":
    return JoinRequest.objects.filter(workspace_id=workspace)


def _decide(request: JoinRequest, state: str, by: UUID, at: dt.datetime) -> None:
    request.state, request.decided_by, request.decided_at = state, by, at
    request.save(update_fields=["state", "decided_by", "decided_at"])
    _record(state, request, by, at)


def _put(workspace: Workspace, token: str | None, what: str, by: UUID, at: dt.datetime) -> None:
    workspace.join_token, workspace.join_digest = token, _digest(token) if token else None
    workspace.save(update_fields=["join_token", "join_digest"])
    audit.record(action=f"user:join_link:{what}", workspace=workspace.pk, actor=by, at=at, details={})


def _record(what: str, request: JoinRequest, by: UUID, at: dt.datetime) -> None:
    details = {"request": ids.encode("jnr", request.pk), "user": str(request.user_id)}
    audit.record(action=f"user:join_request:{what}", workspace=request.workspace_id, actor=by, at=at, details=details)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
