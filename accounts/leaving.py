"""Deleting one's own account, for people who are in no workspace any more.

What hangs on a person is found in the inventory: every declared model outside of workspaces that leads to them.
"""

import datetime as dt

from django.db import connections

from accounts.models import User
from privacy import erasure, registry
from privacy.people import Person
from privacy.registry import ModelPolicy
from smsplatform.lib import ids

PERSON = "account_holder"


class StillMember(Exception):
    """This person is in a workspace, perhaps in a closed one that can still be opened again."""


def delete_account(*, user: User, at: dt.datetime) -> None:
    """Delete the person and all that hangs on them, for good. Raises ``StillMember``."""
    if _belongs(user):
        raise StillMember
    erasure.execute(Person(subject=PERSON, user=user.pk), request_id=ids.uuid7(), at=at)


def _belongs(user: User) -> bool:
    """Whether any workspace still has this person, whatever scope is open."""
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT privacy.places('accounts_membership', 'user_id', %s)", [user.pk])
        return cursor.fetchone() is not None


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
