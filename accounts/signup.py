"""Signing up: a wish, a confirmed address, a workspace.

Until the address is confirmed there is a row with a password and nothing else: no workspace, no way to sign in, and
after a week no row. Asking again replaces the wish, so that nobody can keep an address from its owner.
"""

import datetime as dt
from dataclasses import dataclass

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction

from accounts import evidence, letters, reading, workspaces
from accounts.models import User, Workspace
from privacy.documents import notices
from smsplatform.lib import ids


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """What somebody enters to get an account. Empty is not given."""

    email: str
    password: str
    workspace: str
    name: str = ""
    company: str = ""
    phone: str = ""
    locale: str = ""


def ask(*, wish: Wish, at: dt.datetime) -> None:
    """Note the wish and write to the address. Does and takes the same whether or not it has an account."""
    password = make_password(wish.password)
    try:
        with transaction.atomic():
            _put(wish, password, at)
    except IntegrityError:  # the same address at the same moment: one of the two wishes is as good as the other
        pass
    letters.post(letters.sign_up, address=letters.to_address(wish.email))


def confirm(*, user: User, at: dt.datetime) -> None:
    """The address is theirs: from now on they can sign in, and the workspace they wanted is there."""
    if User.objects.filter(id=user.id, email_confirmed_at=None).update(email_confirmed_at=at):
        settle(user=user, at=at)
        evidence.record(user=user.id, action="user:account:confirmed", at=at)


def settle(*, user: User, at: dt.datetime) -> Workspace | None:
    """Make the workspace that is still owed to a confirmed person; also called at sign-in, should it have failed."""
    if not user.workspace_wanted:
        return None
    workspace = workspaces.open_new(name=user.workspace_wanted, owner=user, at=at)
    User.objects.filter(id=user.id).update(workspace_wanted="")
    return workspace


def _put(wish: Wish, password: str, at: dt.datetime) -> None:
    user = User.objects.select_for_update().filter(email_idx=User.email_index(wish.email)).first()
    if user is not None and user.email_confirmed_at is not None:
        return
    user = user or User(id=ids.uuid7())
    user.put_email(wish.email)
    user.password, user.workspace_wanted, user.locale = password, wish.workspace, wish.locale
    user.name, user.company, user.phone = wish.name or None, wish.company or None, wish.phone or None
    user.created_at = user.age_attested_at = user.policy_seen_at = at
    user.policy_version = notices.number_in_effect(reading.POLICY)
    user.save()
