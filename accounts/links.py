"""Links in mails: signed, expiring, and bound to the state they are to change, so that each works once.

A link names its subject by id and carries a mac over what is true now. Using it changes that, and so does whatever
makes it pointless: another password, another address, a sign-in. Nothing is stored.
"""

import datetime as dt
import hmac
from enum import StrEnum
from uuid import UUID

from django.conf import settings
from django.core import signing

from accounts.models import ClosingWish, EmailChange, User
from smsplatform.lib.secrets import derive
from smsplatform.lib.tenancy import scope

CONFIRMATION_KEPT = dt.timedelta(hours=48)
RESET_KEPT = dt.timedelta(hours=1)
EMAIL_CHANGE_KEPT = dt.timedelta(hours=24)
CLOSING_KEPT = dt.timedelta(hours=24)


class Side(StrEnum):
    """Which of two addresses a link was sent to."""

    OLD = "old"
    NEW = "new"


class BadLink(ValueError):
    """The link is not one of ours, is over, or was used."""


def confirmation(user: User) -> str:
    """For the mail that asks whether an address is its owner's."""
    return _make("confirmation", user.id, _unconfirmed(user))


def of_confirmation(token: str) -> User:
    """Who confirms. Raises ``BadLink``."""
    subject, mac = _read("confirmation", token, CONFIRMATION_KEPT)
    user = User.objects.filter(id=subject, email_confirmed_at=None, is_active=True).first()
    if user is None or not _fits(mac, "confirmation", user.id, _unconfirmed(user)):
        raise BadLink
    return user


def reset(user: User) -> str:
    """For the mail that lets somebody choose a new password."""
    return _make("reset", user.id, _credentials(user))


def of_reset(token: str) -> User:
    """Who chooses a new password. Raises ``BadLink``."""
    subject, mac = _read("reset", token, RESET_KEPT)
    user = User.objects.filter(id=subject, is_active=True).exclude(email_confirmed_at=None).first()
    if user is None or not _fits(mac, "reset", user.id, _credentials(user)):
        raise BadLink
    return user


def email_change(change: EmailChange, side: Side) -> str:
    """For the mail to one of the two addresses."""
    return _make(f"email-{side}", change.id, _open(change, side))


def of_email_change(token: str) -> tuple[EmailChange, Side]:
    """Which change is confirmed, and from which side. Raises ``BadLink``."""
    for side in Side:
        try:
            subject, mac = _read(f"email-{side}", token, EMAIL_CHANGE_KEPT)
        except BadLink:
            continue
        change = EmailChange.objects.select_related("user").filter(id=subject).first()
        if change is not None and _fits(mac, f"email-{side}", change.id, _open(change, side)):
            return change, side
    raise BadLink


def closing(wish: ClosingWish) -> str:
    """For the mail in which whoever asked to close a workspace confirms it. Raises ``BadLink`` when they are gone."""
    return _make("closing", wish.workspace_id, _asked(wish))


def of_closing(token: str) -> ClosingWish:
    """Which closing is confirmed, with its workspace; outside of any scope. Raises ``BadLink``."""
    subject, mac = _read("closing", token, CLOSING_KEPT)
    with scope.workspace(subject):
        wish = ClosingWish.objects.select_related("workspace").filter(workspace_id=subject).first()
    if wish is None or not _fits(mac, "closing", subject, _asked(wish)):
        raise BadLink
    return wish


def _asked(wish: ClosingWish) -> list[str]:
    """Another wish, taking it back, and another password or address of who asked make the link worth nothing."""
    asker = User.objects.filter(pk=wish.asked_by, is_active=True).first()
    if asker is None:
        raise BadLink
    return [asker.password, bytes(asker.email_idx).hex(), wish.pk.hex]


def _unconfirmed(user: User) -> list[str]:
    return [user.password, bytes(user.email_idx).hex(), str(user.email_confirmed_at)]


def _credentials(user: User) -> list[str]:
    return [user.password, bytes(user.email_idx).hex(), str(user.last_login)]


def _open(change: EmailChange, side: Side) -> list[str]:
    confirmed = change.old_confirmed_at if side is Side.OLD else change.new_confirmed_at
    return [bytes(change.email_idx).hex(), bytes(change.user.email_idx).hex(), str(confirmed)]


def _make(purpose: str, subject: UUID, state: list[str]) -> str:
    return signing.dumps([subject.hex, _mac(purpose, subject, state)], salt=f"accounts.links.{purpose}")


def _read(purpose: str, token: str, kept: dt.timedelta) -> tuple[UUID, str]:
    try:
        subject, mac = signing.loads(token, salt=f"accounts.links.{purpose}", max_age=kept)
        return UUID(subject), str(mac)
    except (signing.BadSignature, ValueError, TypeError):
        raise BadLink from None


def _fits(mac: str, purpose: str, subject: UUID, state: list[str]) -> bool:
    """By any secret still in force, so that changing SECRET_KEY does not break what is in mailboxes."""
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return any(hmac.compare_digest(mac, _mac(purpose, subject, state, secret)) for secret in secrets)


def _mac(purpose: str, subject: UUID, state: list[str], secret: str = "") -> str:
    text = "\0".join([purpose, subject.hex, *state])
    return hmac.digest(derive(secret or settings.SECRET_KEY, "links"), text.encode(), "sha256")[:16].hex()
