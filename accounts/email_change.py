"""Another e-mail address: asked for by somebody signed in, granted when both addresses have confirmed."""

import datetime as dt

from django.db import IntegrityError, transaction

from accounts import evidence, letters, password
from accounts.links import Side
from accounts.models import EmailChange, User
from smsplatform.lib import ids


class AddressTaken(ValueError):
    """The new address has an account meanwhile."""


def ask(*, user: User, email: str, at: dt.datetime) -> EmailChange:
    """Note the wish, in place of an earlier one, and write to both addresses."""
    with transaction.atomic():
        EmailChange.objects.filter(user=user).delete()
        change = EmailChange(id=ids.uuid7(at), user=user, asked_at=at).put_email(email)
        change.save(force_insert=True)
        evidence.record(user=user.id, action="user:email:asked", at=at)
        letters.post(letters.email_change, change=str(change.id))
    return change


def confirm(*, change: EmailChange, side: Side, at: dt.datetime) -> bool:
    """One address has confirmed; whether the change is now in force. Raises ``AddressTaken``."""
    field = f"{side}_confirmed_at"
    with transaction.atomic():
        row = EmailChange.objects.select_for_update().get(id=change.id)
        setattr(row, field, at)
        row.save(update_fields=[field])
        if row.old_confirmed_at is None or row.new_confirmed_at is None:
            return False
    _grant(row, at)
    return True


def cancel(*, user: User) -> None:
    """Forget the wish."""
    EmailChange.objects.filter(user=user).delete()


def _grant(change: EmailChange, at: dt.datetime) -> None:
    user = User.objects.get(id=change.user_id)
    old = user.email
    try:
        with transaction.atomic():
            user.put_email(change.email).save(update_fields=["email", "email_idx"])
            change.delete()
            password.end_sessions(user=user, keep=None, at=at)
            evidence.record(user=user.id, action="user:email:changed", at=at)
    except IntegrityError:
        cancel(user=user)
        raise AddressTaken from None
    letters.email_changed(user=user, old=old, event=ids.uuid7(at))
