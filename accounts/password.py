"""Another password, by somebody who knows the old one or reads the mail."""

import datetime as dt

from django.db import transaction

from accounts import evidence, letters, tokens
from accounts.models import Session, User
from smsplatform.lib import ids


def change(*, user: User, password: str, keep: str | None, device: str, by_mail: bool, at: dt.datetime) -> None:
    """Set the password, end every session but the row ``keep``, and tell the person. ``device`` made the change."""
    with transaction.atomic():
        user.set_password(password)
        user.save(update_fields=["password"])
        end_sessions(user=user, keep=keep, at=at)
        action = "user:password:reset" if by_mail else "user:password:changed"
        evidence.record(user=user.id, action=action, at=at, details={"device": device})
        event = str(ids.uuid7(at))
        letters.post(letters.password_changed, user=str(user.id), device=device, event=event)


def end_sessions(*, user: User, keep: str | None, at: dt.datetime) -> int:
    """End all sessions of a person, but the row ``keep``, and sign their apps out; how many sessions."""
    tokens.end_all(user_id=user.id, at=at)
    return Session.objects.filter(user=user).exclude(session_key=keep or "").delete()[0]
