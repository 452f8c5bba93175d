"""Where a workspace wants to hear what happened, and each delivery of it."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q, Value

from privacy.ciphers import EncryptedField
from smsplatform.lib import clock, ids, signing
from smsplatform.lib.tenancy.models import workspace_key

EVENT_TYPES = (
    "message.queued",
    "message.submitted",
    "message.delivered",
    "message.undelivered",
    "message.failed",
    "message.rejected",
    "message.expired",
    "message.canceled",
    "message.rerouted",
    "message.redacted",
    "privacy_request.created",
    "privacy_request.due_soon",
    "privacy_request.overdue",
    "privacy_request.decided",
    "security.incident",
)
DEFAULT_TYPES = (
    "message.delivered",
    "message.undelivered",
    "message.failed",
    "message.rejected",
    "message.expired",
    "message.canceled",
)


class WebhookEndpoint(models.Model):
    """An address of the customer's that receives signed events."""

    class Content(models.TextChoices):
        THIN = "thin", "Ids, status and a masked number"
        FULL = "full", "With number and text while they are kept"

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    workspace = models.ForeignKey("accounts.Workspace", on_delete=models.CASCADE, related_name="webhook_endpoints")
    livemode = models.BooleanField()
    url = EncryptedField(purpose="secrets", workspace="workspace_id")
    secret = EncryptedField(purpose="secrets", workspace="workspace_id")  # or a private key
    previous_secret = EncryptedField(purpose="secrets", workspace="workspace_id", null=True)
    previous_until = models.DateTimeField(null=True)
    types = ArrayField(models.CharField(max_length=24), default=list)
    content = models.CharField(max_length=4, choices=Content, default=Content.THIN)
    description = models.CharField(max_length=120, default="", blank=True)
    callback_idx = models.BinaryField(max_length=16, null=True)  # the URL of messages' own status callbacks
    enabled = models.BooleanField(default=True)
    disabled_reason = models.CharField(max_length=24, default="", blank=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "messaging_webhook_endpoint"
        constraints = [
            workspace_key("webhook_endpoint_workspace_id"),
            models.UniqueConstraint(fields=["workspace", "livemode", "callback_idx"], name="webhook_callback_once"),
        ]

    def __str__(self) -> str:
        return ids.encode("whk", self.id)

    @property
    def signature(self) -> signing.Scheme:
        """What events are signed by. The secret says it itself, so that nothing can disagree with it."""
        return signing.scheme_of(self.secret)

    @property
    def public_key(self) -> str | None:
        """What anybody may check events with; None for a shared secret."""
        return signing.public_key_of(self.secret) if self.signature == signing.Scheme.ED25519 else None

    @property
    def shared_secret(self) -> str | None:
        """What its receiver has to be told once; None where a private key stays with us."""
        return self.secret if self.signature == signing.Scheme.HMAC else None


class Delivery(models.Model):
    """One event on its way to one endpoint. Keeps what is needed to build the payload, not the payload."""

    class State(models.TextChoices):
        PENDING = "pending", "Pending"
        LEASED = "leased", "In progress"
        DELIVERED = "delivered", "Delivered"
        EXHAUSTED = "exhausted", "Given up"
        DROPPED = "dropped", "Dropped"  # the endpoint was disabled or removed

    id = models.UUIDField(primary_key=True, editable=False)  # orders the events of a message
    workspace = models.ForeignKey(
        "accounts.Workspace", on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    endpoint_id = models.UUIDField()
    event_id = models.UUIDField()  # the same over retries, endpoints and replays
    message_id = models.UUIDField(null=True)  # null for a test event
    type = models.CharField(max_length=24)
    error = models.CharField(max_length=40, null=True)  # noqa: DJ001  # no error is not an empty error
    occurred_at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=State, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    last_status = models.PositiveSmallIntegerField(null=True)
    last_error = models.CharField(max_length=40, null=True)  # noqa: DJ001  # no error is not an empty error
    finished_at = models.DateTimeField(null=True)
    # [[when, status, milliseconds, error], …] of each attempt, oldest first; written by pipeline.record_deliveries
    tries = models.JSONField(default=list, db_default=Value([], output_field=models.JSONField()))

    class Meta:
        db_table = "messaging_delivery"
        indexes = [
            models.Index("due_at", name="delivery_due", condition=Q(state="pending")),
            models.Index("endpoint_id", "due_at", name="delivery_due_of", condition=Q(state="pending")),
            models.Index("lease_until", name="delivery_lease", condition=Q(state="leased")),
            models.Index(
                "endpoint_id", "message_id", "id", name="delivery_order", condition=Q(state__in=["pending", "leased"])
            ),
            models.Index("workspace", models.F("id").desc(), name="delivery_list"),
            models.Index("id", name="delivery_given_up", condition=Q(state="exhausted")),
        ]

    def __str__(self) -> str:
        return ids.encode("dlv", self.id)
