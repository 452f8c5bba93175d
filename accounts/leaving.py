"""Deleting one's own account, for people who are in no workspace any more.

What hangs on a person is found in the inventory: every declared model outside of workspaces that leads to them.
"""

from django.apps import apps
from django.db import IntegrityError, connections, transaction
from django.db.models import QuerySet

from accounts.models import User
from privacy import registry
from privacy.registry import ModelPolicy

PERSON = "account_holder"


class StillMember(Exception):
    """This person is in a workspace, perhaps in a closed one that can still be opened again."""


def delete_account(*, user: User) -> None:
    """Delete the person and all that hangs on them, for good. Raises ``StillMember``."""
    try:
        with transaction.atomic():
            for policy in goes():
                if policy.model != "accounts.User":
                    QuerySet(apps.get_model(policy.model)).filter(user_id=user.pk).delete()
            with connections[
                "default"
            ].cursor() as cursor:  # Django would look for more in workspaces, closed to us here
                cursor.execute("DELETE FROM accounts_user WHERE id = %s", [user.pk])
    except IntegrityError:
        raise StillMember from None


def goes() -> list[ModelPolicy]:
    """What is deleted: everything about a person that belongs to no workspace. The person comes last."""
    mine = [policy for policy in registry.policies() if policy.scope == "global" and _is_mine(policy)]
    return sorted(mine, key=lambda policy: policy.model == "accounts.User")


def stays() -> list[ModelPolicy]:
    """What is kept: rows of workspaces in which a field about the person is evidence, each with its reason."""
    return [policy for policy in registry.of_workspaces() if PERSON in policy.paths and policy.closing == "keep"]


def _is_mine(policy: ModelPolicy) -> bool:
    """Whether rows lead to a person by ``user_id``, for whatever kind of person it is."""
    return set(policy.paths.values()) <= {"id", "user_id"} and bool(policy.paths)
