"""Making people and workspaces. Pages for it come with sign-up; commands and the quick start use it today."""

import datetime as dt
from uuid import UUID

from accounts.models import Membership, User, Workspace
from accounts.roles import Role
from privacy import audit, keyring
from smsplatform.lib import ids
from smsplatform.lib.tenancy import scope


def create_user(*, email: str, password: str, name: str = "", staff_role: str = "", at: dt.datetime) -> User:
    """A person who can sign in, whose address somebody vouches for.

    Raises ``django.db.IntegrityError`` when the address is taken.
    """
    user = User(
        id=ids.uuid7(), name=name or None, staff_role=staff_role, created_at=at, email_confirmed_at=at
    ).put_email(email)
    user.set_password(password)
    user.save(force_insert=True)
    return user


def create_workspace(
    *, name: str, owner: User, price_plan_id: UUID, currency: str = "EUR", at: dt.datetime
) -> Workspace:
    """A workspace with its keys and its first owner."""
    workspace_id = ids.uuid7()
    keyring.create_for(workspace_id)
    with scope.workspace(workspace_id):
        workspace = Workspace.objects.create(
            id=workspace_id, name=name, currency=currency, price_plan_id=price_plan_id, created_at=at
        )
        Membership.objects.create(workspace=workspace, user=owner, role=Role.OWNER, created_at=at)
        audit.record(action="user:workspace:created", workspace=workspace_id, actor=owner.id, at=at, details={})
    return workspace


def create_operator_workspace(*, id: UUID, name: str, price_plan_id: UUID, at: dt.datetime) -> Workspace:
    """A workspace of the operator's own, which nobody enters: the platform itself texts from it."""
    keyring.create_for(id)
    with scope.workspace(id):
        made: Workspace = Workspace.objects.create(id=id, name=name, price_plan_id=price_plan_id, created_at=at)
        audit.record(action="system:workspace:created", workspace=id, actor=None, at=at, details={})
    return made
