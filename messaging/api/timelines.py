"""What happened to one message, in order, as JSON."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from messaging.models import Attempt, Carrier, Delivery, Message, MessageEvent
from messaging.models.message import FINAL
from messaging.presenting import amount
from smsplatform.lib import ids

Step = dict[str, Any]


def of(message: Message) -> list[Step]:
    """Every step known, oldest first. Four queries."""
    attempts = list(Attempt.objects.filter(message_id=message.id).order_by("part", "attempt"))
    carriers = dict(Carrier.objects.filter(id__in={a.carrier_id for a in attempts}).values_list("id", "name"))
    steps = [
        *_accepted(message),
        *(step for attempt in attempts for step in _attempt(attempt, carriers)),
        *(_event(event) for event in MessageEvent.objects.filter(message_id=message.id)),
        *_final(message),
        *(_delivery(delivery) for delivery in _deliveries(message)),
    ]
    return sorted(steps, key=lambda step: step["at"])


def _deliveries(message: Message) -> Any:
    return Delivery.objects.filter(workspace_id=message.workspace_id, id__gte=message.id, message_id=message.id)


def _accepted(message: Message) -> Iterator[Step]:
    yield {"at": message.created_at, "type": "accepted", "code": None}
    if message.send_at:
        yield {"at": message.send_at, "type": "scheduled", "code": None}


def _attempt(attempt: Attempt, carriers: Mapping[UUID, str]) -> Iterator[Step]:
    which = {"part": attempt.part, "attempt": attempt.attempt, "carrier": carriers.get(attempt.carrier_id)}
    yield {
        "at": attempt.submitted_at,
        "type": "attempt",
        "code": attempt.outcome,
        "detail": attempt.code,
        **which,
    }
    if attempt.receipt and attempt.receipt_at:
        yield {
            "at": attempt.receipt_at,
            "type": "receipt",
            "code": attempt.receipt,
            "detail": attempt.receipt_code,
            **which,
        }


def _event(event: MessageEvent) -> Step:
    return {"at": event.at, "type": "event", "code": event.kind, "detail": event.code}


def _final(message: Message) -> Iterator[Step]:
    if message.status in FINAL and message.final_at is not None:
        yield {"at": message.final_at, "type": "final", "code": message.status, "detail": message.error}
        if message.given_back:
            code = "whole" if message.given_back == message.price else "part"
            yield {"at": message.final_at, "type": "refund", "code": code, "detail": amount(message.given_back)}


def _delivery(delivery: Delivery) -> Step:
    return {
        "at": delivery.finished_at or delivery.occurred_at,
        "type": "webhook",
        "code": delivery.type,
        "detail": delivery.last_error,
        "delivery": ids.encode(ids.DELIVERY, delivery.id),
        "state": delivery.state,
    }
