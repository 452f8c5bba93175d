"""A message's journey, as tables."""

from messaging.models.attempt import Attempt, OrphanReceipt
from messaging.models.call import Call
from messaging.models.carrier import BindLease, Carrier, Route, UnheardDay
from messaging.models.export import Export, ExportPiece
from messaging.models.idempotency import IdempotencyKey
from messaging.models.kept import CorridorDay, KeptBody
from messaging.models.message import Body, Message, MessageEvent, Outbox
from messaging.models.sender import Sender, Template
from messaging.models.setup import SetupHidden
from messaging.models.suppression import Suppression
from messaging.models.traffic import ProcessorDue, ProcessorHour, TouchedHour, TrafficHour
from messaging.models.webhook import Delivery, WebhookEndpoint

__all__ = [
    "Attempt",
    "BindLease",
    "Body",
    "Call",
    "Carrier",
    "CorridorDay",
    "Delivery",
    "Export",
    "ExportPiece",
    "IdempotencyKey",
    "KeptBody",
    "Message",
    "MessageEvent",
    "OrphanReceipt",
    "Outbox",
    "ProcessorDue",
    "ProcessorHour",
    "Route",
    "Sender",
    "SetupHidden",
    "Suppression",
    "Template",
    "TouchedHour",
    "TrafficHour",
    "UnheardDay",
    "WebhookEndpoint",
]
