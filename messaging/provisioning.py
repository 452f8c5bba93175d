"""Making senders, carriers and routes. Senders belong to a workspace; carriers and routes to the operator."""

import datetime as dt
from typing import Any
from uuid import UUID

from django.db import transaction

from messaging.carriers.smpp.submits import InvalidSender, source_address
from messaging.models import Carrier, Route, Sender
from privacy import audit, ciphers, keyring
from smsplatform.lib import ids

OWNER = "owner"  # carriers and routes are changed with the operator's own database rights


def sender_kind(address: str) -> Sender.Kind:
    """What kind of sender ``address`` is. Raises ``InvalidSender``."""
    source_address(address)
    if address.startswith("+"):
        return Sender.Kind.NUMBER
    return Sender.Kind.SHORT_CODE if address.isdigit() else Sender.Kind.ALPHANUMERIC


def register_sender(
    *, workspace: UUID, address: str, approved: bool, default: bool = False, by: UUID | None, at: dt.datetime
) -> Sender:
    """Register a sender in the open scope of ``workspace``. Raises ``InvalidSender``; ``IntegrityError`` if known."""
    kind = sender_kind(address)
    index = keyring.key(workspace, keyring.Purpose.INDEX)
    sender = Sender(
        id=ids.uuid7(),
        workspace_id=workspace,
        address=address,
        address_idx=ciphers.blind_index(index, "messaging.Sender.address", address),
        kind=kind,
        state=Sender.State.APPROVED if approved else Sender.State.REVIEW,
        is_default=default,
        created_at=at,
    )
    with transaction.atomic():
        if default:
            Sender.objects.filter(workspace_id=workspace, is_default=True).update(is_default=False)
        sender.save(force_insert=True)
        audit.record(
            action="user:sender:registered", workspace=workspace, actor=by, at=at, details={"sender": str(sender.id)}
        )
    return sender


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


__all__ = ["InvalidSender", "put_carrier", "put_routes", "register_sender", "sender_kind"]
