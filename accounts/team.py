"""Who belongs to a workspace: roles given, people removed, people leaving.

Owners alone make and unmake owners. That one of them always stays is the database's business (``sql/people.sql``): two
who step down at the same moment cannot see each other from here.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import psycopg
from django.db import DatabaseError, transaction

from accounts.models import Membership
from accounts.roles import Role
from privacy import audit
from smsplatform.lib.tenancy import scope

_LAST_OWNER = "SP020"


class LastOwner(Exception):
    """A workspace keeps an owner: make somebody else one first."""


class OwnersOnly(Exception):
    """Only an owner makes somebody an owner, or takes that away."""


def change_role(*, membership: Membership, role: str, by: UUID, by_role: str, at: dt.datetime) -> None:
    """Give another role, in the open scope. Raises ``LastOwner``, ``OwnersOnly``."""
    check_rank(by_role, membership.role, role)
    former = membership.role
    with _keeping_an_owner():
        Membership.objects.filter(pk=membership.pk).update(role=role)
        details = {"user": str(membership.user_id), "from": former, "to": role}
        audit.record(
            action="user:member:role_changed", workspace=membership.workspace_id, actor=by, at=at, details=details
        )
    membership.role = role


def remove(*, membership: Membership, by: UUID, by_role: str, at: dt.datetime) -> None:
    """Take somebody out of the workspace, in the open scope. Raises ``LastOwner``, ``OwnersOnly``."""
    check_rank(by_role, membership.role)
    _delete(membership, "removed", by, at)


def leave(*, membership: Membership, at: dt.datetime) -> None:
    """Go, in the open scope. Raises ``LastOwner``."""
    _delete(membership, "left", membership.user_id, at)


def only_owner(workspace: UUID) -> UUID | None:
    """The account that owns a workspace, if it is one alone; outside of any scope."""
    with scope.workspace(workspace):
        owners = Membership.objects.filter(role=Role.OWNER, user__is_active=True).values_list("user_id", flat=True)[:2]
        found = list(owners)
    return found[0] if len(found) == 1 else None


def check_rank(by_role: str, *roles: str) -> None:
    """Raise ``OwnersOnly`` when somebody below an owner touches the role of owner."""
    if Role.OWNER in roles and by_role != Role.OWNER:
        raise OwnersOnly


def _delete(membership: Membership, what: str, by: UUID, at: dt.datetime) -> None:
    with _keeping_an_owner():
        Membership.objects.filter(pk=membership.pk).delete()
        details = {"user": str(membership.user_id), "role": membership.role}
        audit.record(action=f"user:member:{what}", workspace=membership.workspace_id, actor=by, at=at, details=details)


@contextmanager
def _keeping_an_owner() -> Iterator[None]:
    """A savepoint, so that the refusal leaves the transaction usable."""
    try:
        with transaction.atomic():
            yield
    except DatabaseError as error:
        cause = error.__cause__
        if isinstance(cause, psycopg.Error) and cause.sqlstate == _LAST_OWNER:
            raise LastOwner from None
        raise
