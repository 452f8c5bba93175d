"""Asking people in by e-mail. The link holds a random token; what is stored opens nothing.

Whoever has the link still needs the invited address: an account takes it only when its own address is the same one.
"""

import datetime as dt
import hashlib
from dataclasses import dataclass
from uuid import UUID

from django.db import connections, models

from accounts import team
from accounts.models import Invitation, Membership, User
from privacy import audit
from smsplatform.lib import ids, secrets
from smsplatform.lib.tenancy import scope

VALID_FOR = dt.timedelta(days=7)
OPEN_MAX = 100  # of one workspace at a time: nobody may use us to write to strangers


class AlreadyMember(Exception):
    """This person is in the workspace already."""


class TooManyInvitations(Exception):
    """Too many invitations are open. Revoke those that nobody will answer."""


class NotInvited(LookupError):
    """There is no such invitation, it ran out, or it is for another address."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """An open invitation as its link shows it."""

    id: UUID
    workspace_id: UUID
    workspace_name: str
    role: str
    email_idx: bytes
    expires_at: dt.datetime

    def is_for(self, user: User) -> bool:
        """Whether this person's address, which they have confirmed, is the invited one."""
        return user.email_confirmed_at is not None and bytes(user.email_idx) == self.email_idx


def invite(
    *, workspace: UUID, email: str, role: str, by: UUID, by_role: str, at: dt.datetime
) -> tuple[Invitation, str]:
    """Invite an address, in the open scope; with the token of the link, which exists here and in the mail only.

    An address invited before gets a new link, and the former stops working. Raises ``AlreadyMember``,
    ``TooManyInvitations``, ``team.OwnersOnly``.
    """
    team.check_rank(by_role, role)
    index = User.email_index(email)
    if Membership.objects.filter(workspace_id=workspace, user__email_idx=index).exists():
        raise AlreadyMember
    opened = open_ones(workspace)
    found = opened.filter(email_idx=index).first()
    if found is None and opened.count() >= OPEN_MAX:
        raise TooManyInvitations
    made = found or Invitation(workspace_id=workspace, email=email.strip(), email_idx=index, created_at=at)
    made.role, made.created_by = role, by
    return made, _send_again(made, by=by, at=at, what="created")


def resend(*, invitation: Invitation, by: UUID, at: dt.datetime) -> str:
    """A new link, valid for the full time again; its token."""
    return _send_again(invitation, by=by, at=at, what="resent")


def revoke(*, invitation: Invitation, by: UUID, at: dt.datetime) -> None:
    """Make the link worthless."""
    invitation.revoked_at = at
    invitation.save(update_fields=["revoked_at"])
    _record("revoked", invitation, by, at)


def find(token: str, *, at: dt.datetime) -> Found:
    """The invitation behind a link, whatever workspace is open. Raises ``NotInvited``."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT * FROM access.invitation_by_digest(%s)", [_digest(token)])
        row = cursor.fetchone()
    if row is None or row[5] <= at:
        raise NotInvited
    names = Found.__slots__
    found = dict(zip(names, row, strict=True))
    return Found(**{**found, "email_idx": bytes(found["email_idx"])})


def accept(*, token: str, user: User, at: dt.datetime) -> UUID:
    """Let this person in, outside of any scope; the workspace. Whoever is in already keeps their role.

    Raises ``NotInvited`` also when the account's address is another one than the invited.
    """
    found = find(token, at=at)
    if not found.is_for(user):
        raise NotInvited
    with scope.workspace(found.workspace_id):
        row = open_ones(found.workspace_id).select_for_update().filter(pk=found.id).first()
        if row is None:
            raise NotInvited
        row.accepted_at, row.accepted_by = at, user.pk
        row.save(update_fields=["accepted_at", "accepted_by"])
        Membership.objects.get_or_create(
            workspace_id=row.workspace_id, user=user, defaults={"role": row.role, "created_at": at}
        )
        _record("accepted", row, user.pk, at)
    return found.workspace_id


def open_ones(workspace: UUID) -> "models.QuerySet[Invitation]":
    """Neither accepted nor revoked; some of them may have run out."""
    return Invitation.objects.filter(workspace_id=workspace, accepted_at=None, revoked_at=None)


def _send_again(invitation: Invitation, *, by: UUID, at: dt.datetime, what: str) -> str:
    token = secrets.token()
    invitation.digest, invitation.expires_at = _digest(token), at + VALID_FOR
    invitation.save()
    _record(what, invitation, by, at)
    return token


def _record(what: str, invitation: Invitation, by: UUID, at: dt.datetime) -> None:
    details = {"invitation": ids.encode("inv", invitation.pk), "role": invitation.role}
    audit.record(action=f"user:invitation:{what}", workspace=invitation.workspace_id, actor=by, at=at, details=details)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
