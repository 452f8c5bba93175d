"""Making senders, carriers and routes. Senders belong to a workspace; carriers and routes to the operator."""

import datetime as dt
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.models import Membership
from accounts.roles import PERMISSIONS, Permission
from messaging import notices
from messaging.carriers.smpp.submits import InvalidSender, source_address
from messaging.models import Carrier, Route, Sender
from privacy import audit, ciphers, keyring
from smsplatform.lib import ids

NAME_MIN = 3
OWNER = "owner"  # carriers and routes are changed with the operator's own database rights


class SenderTaken(ValueError):
    """The workspace has this sender already."""


def sender_kind(address: str) -> Sender.Kind:
    """What kind of sender ``address`` is. Raises ``InvalidSender``.

    A name has 3 to 11 plain characters of GSM 03.38 with a letter among them, and no blank at its ends.
    """
    source_address(address)
    if address.startswith("+"):
        return Sender.Kind.NUMBER
    if address.isdigit():
        return Sender.Kind.SHORT_CODE
    if len(address) < NAME_MIN or address != address.strip():
        raise InvalidSender("a name has at least three characters and no blank at its ends")
    return Sender.Kind.ALPHANUMERIC


def sender_index(index: ciphers.DataKey, address: str) -> bytes:
    """The blind index by which a workspace finds its own sender."""
    return ciphers.blind_index(index, "messaging.Sender.address", address)


def register_sender(
    *,
    workspace: UUID,
    address: str,
    approved: bool = False,
    purpose: str = "",
    example: str = "",
    default: bool = False,
    by: UUID | None,
    at: dt.datetime,
) -> Sender:
    """Register a sender in the open scope of ``workspace``; one that was withdrawn comes back.

    With a purpose it goes to review, without it stays a draft, which test mode may use. Raises ``InvalidSender`` and
    ``SenderTaken``.
    """
    kind = sender_kind(address)
    found = sender_index(keyring.key(workspace, keyring.Purpose.INDEX), address)
    sender = Sender.objects.filter(workspace_id=workspace, address_idx=found).first()
    if sender is not None and sender.state != Sender.State.WITHDRAWN:
        raise SenderTaken
    sender = sender or Sender(id=ids.uuid7(), workspace_id=workspace, address_idx=found, created_at=at)
    sender.address, sender.kind = address, kind
    sender.purpose, sender.example, sender.reason = purpose or None, example or None, None
    waiting = Sender.State.REVIEW if purpose else Sender.State.DRAFT
    sender.state = Sender.State.APPROVED if approved else waiting
    sender.decided_at = at if approved else None
    with transaction.atomic():
        sender.save()
        if default:
            make_default(sender=sender, by=by, at=at)
        _record("registered", sender, by, at)
    return sender


def submit_sender(*, sender: Sender, purpose: str, example: str, by: UUID | None, at: dt.datetime) -> None:
    """Ask for a sender's review, or ask again after a rejection; in the open scope of its workspace."""
    sender.purpose, sender.example, sender.reason = purpose, example or None, None
    sender.state, sender.decided_at = Sender.State.REVIEW, None
    sender.save(update_fields=["purpose", "example", "reason", "state", "decided_at"])
    _record("submitted", sender, by, at)


def decide_sender(*, sender: Sender, approved: bool, reason: str = "", by: UUID | None, at: dt.datetime) -> None:
    """Approve or reject a sender, with words for the workspace; in its open scope."""
    sender.state = Sender.State.APPROVED if approved else Sender.State.REJECTED
    sender.reason, sender.decided_at = (None if approved else reason), at
    sender.save(update_fields=["state", "reason", "decided_at"])
    _record("approved" if approved else "rejected", sender, by, at, source="staff")
    roles = [role for role, allowed in PERMISSIONS.items() if Permission.SENDERS_WRITE in allowed]
    team = Membership.objects.filter(workspace_id=sender.workspace_id, role__in=roles, user__is_active=True)
    notices.decided(sender=sender, people=[member.user for member in team.select_related("user")], at=at)


def withdraw_sender(*, sender: Sender, by: UUID | None, at: dt.datetime) -> None:
    """Use a sender no more, from the next message on. Its row stays, because messages were sent under it."""
    sender.state, sender.is_default = Sender.State.WITHDRAWN, False
    sender.save(update_fields=["state", "is_default"])
    _record("withdrawn", sender, by, at)


def make_default(*, sender: Sender, by: UUID | None, at: dt.datetime) -> None:
    """Messages without a sender go out under this one."""
    with transaction.atomic():
        Sender.objects.filter(workspace_id=sender.workspace_id, is_default=True).update(is_default=False)
        Sender.objects.filter(pk=sender.pk).update(is_default=True)
        sender.is_default = True
        _record("made_default", sender, by, at)


def _record(what: str, sender: Sender, by: UUID | None, at: dt.datetime, *, source: str = "user") -> None:
    audit.record(
        action=f"{source}:sender:{what}", workspace=sender.workspace_id, actor=by, at=at,
        details={"sender": str(sender.id)},
    )  # fmt: skip


def put_carrier(*, name: str, **fields: Any) -> Carrier:
    """Make the carrier ``name``, or change the fields given."""
    carrier = Carrier.objects.using(OWNER).filter(name=name).first() or Carrier(name=name)
    for field, value in fields.items():
        setattr(carrier, field, value)
    carrier.save(using=OWNER)
    return carrier


def put_routes(*, prefix: str, livemode: bool, carriers: list[Carrier]) -> None:
    """Send numbers that begin with ``prefix`` to these carriers, the first one first; none removes the route."""
    with transaction.atomic(using=OWNER):
        Route.objects.using(OWNER).filter(prefix=prefix, livemode=livemode).delete()
        for position, carrier in enumerate(carriers):
            Route(prefix=prefix, livemode=livemode, position=position, carrier=carrier).save(using=OWNER)


__all__ = [
    "InvalidSender",
    "SenderTaken",
    "decide_sender",
    "make_default",
    "put_carrier",
    "put_routes",
    "register_sender",
    "sender_index",
    "sender_kind",
    "submit_sender",
    "withdraw_sender",
]
