"""The message and what travels with it. These tables are written by the functions of ``messaging/sql`` only.

``Message`` is partitioned by month of its id, ``Body`` by expiry day. While a message is on its way its state
lives in the slim ``Outbox`` row; ``Message.status`` changes once, when the message reaches its final state.
"""

import datetime as dt

from django.apps import apps
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.fields.composite import CompositePrimaryKey
from django.db.models.functions import Coalesce

from privacy import profiles
from smsplatform.lib import ids


class Status(models.TextChoices):
    """Where a message is. ``docs/api.md`` maps these to the words carriers use."""

    SCHEDULED = "scheduled", "Scheduled"
    QUEUED = "queued", "Queued"
    SUBMITTING = "submitting", "Submitting"
    SUBMITTED = "submitted", "Submitted"
    DELIVERED = "delivered", "Delivered"
    UNDELIVERED = "undelivered", "Undelivered"
    EXPIRED = "expired", "Expired"
    REJECTED = "rejected", "Rejected"
    FAILED = "failed", "Failed"
    CANCELED = "canceled", "Canceled"


FINAL = frozenset(
    {Status.DELIVERED, Status.UNDELIVERED, Status.EXPIRED, Status.REJECTED, Status.FAILED, Status.CANCELED}
)


class Category(models.TextChoices):
    """Why a text is sent; decides its lane and what happens when an outcome is unknown."""

    OTP = "otp", "One-time passcode"
    TRANSACTIONAL = "transactional", "Transactional"
    MARKETING = "marketing", "Marketing"


class _ReadableFrom(models.Func):
    """The least id that the open workspace may read, from its own setting."""

    function = "pipeline.readable_from"
    output_field = models.UUIDField()


class MessageQuerySet(models.QuerySet["Message"]):
    def readable(self, *, at: dt.datetime) -> "MessageQuerySet":
        """Messages whose metadata has not outlived its retention, even if the purge is late.

        As long as the policy says, or the workspace if it wants less: the database knows which one is open.
        """
        kept = profiles.duration("retention.delivery_meta")
        return self.filter(id__gte=ids.floor(at - kept)).filter(id__gte=_ReadableFrom(Value(at), Value(kept.days)))

    def unrestricted(self) -> "MessageQuerySet":
        """Messages whose recipient has not had the use of their data restricted: what staff pages may list."""
        restricted = apps.get_model("messaging.Suppression").objects.filter(
            workspace_id=models.OuterRef("workspace_id"), to_idx=models.OuterRef("to_idx"), reason="restriction"
        )
        return self.exclude(models.Exists(restricted))

    def with_state(self) -> "MessageQuerySet":
        """Add ``state``: the status as of now, from the outbox while the message is on its way."""
        on_its_way = Outbox.objects.filter(message_id=models.OuterRef("id")).values("state")[:1]
        return self.annotate(outbox_state=models.Subquery(on_its_way)).annotate(
            state=models.Case(
                models.When(Q(status=Status.QUEUED, outbox_state=Outbox.State.LEASED), then=Value(Status.SUBMITTING)),
                models.When(Q(status=Status.QUEUED, outbox_state=Outbox.State.SUBMITTED), then=Value(Status.SUBMITTED)),
                default=Coalesce(F("status"), Value("")),
                output_field=models.CharField(),
            )
        )


class Message(models.Model):
    """One text to one number. The number is ciphertext; ``to_idx`` finds it within the workspace."""

    id = models.UUIDField(primary_key=True, editable=False)
    workspace = models.ForeignKey(
        "accounts.Workspace", on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    livemode = models.BooleanField()
    api_key_id = models.UUIDField(null=True)
    user_id = models.UUIDField(null=True)
    batch_id = models.UUIDField(null=True)
    sender_id = models.UUIDField()
    from_used_id = models.UUIDField(null=True)  # the sender a fallback put in its place, if the workspace allows it
    template_id = models.UUIDField(null=True)
    callback_id = models.UUIDField(null=True)  # the endpoint of this message's own status callback
    to_ct = models.BinaryField(null=True)
    to_idx = models.BinaryField(max_length=16)
    country = models.CharField(max_length=2)
    category = models.CharField(max_length=13, choices=Category)
    encoding = models.CharField(max_length=4)
    parts = models.PositiveSmallIntegerField()
    unit_price = models.BigIntegerField()  # micro-units of ``currency``
    price = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    price_item_id = models.UUIDField(null=True)
    refund_basis = models.CharField(max_length=9)
    refunded = models.BooleanField(default=False)  # all of the price was given back
    returned = models.BigIntegerField(null=True)  # how much of it, when some was
    status = models.CharField(max_length=11, choices=Status)
    error = models.CharField(max_length=40, null=True)  # noqa: DJ001  # no error is not an empty error
    send_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()
    final_at = models.DateTimeField(null=True)
    body_expires_at = models.DateTimeField()  # at the latest; its day (UTC) is that of the text's key and partition
    body_hours = models.PositiveSmallIntegerField(null=True)  # after the final status, where that is the anchor
    redacted_at = models.DateTimeField(null=True)
    discard_body = models.BooleanField(default=False)
    mask_recipient = models.BooleanField(default=False)
    reference_ct = models.BinaryField(null=True)
    reference_idx = models.BinaryField(max_length=16, null=True)
    metadata_ct = models.BinaryField(null=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        db_table = "messaging_message"
        indexes = [
            models.Index("workspace", "livemode", F("id").desc(), name="message_list"),
            models.Index("workspace", "to_idx", F("id").desc(), name="message_number"),
            models.Index(
                "workspace", "reference_idx", F("id").desc(),
                name="message_reference", condition=Q(reference_idx__isnull=False),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return ids.encode("msg", self.id)

    @property
    def created_at(self) -> dt.datetime:
        """When it was accepted; the id carries it."""
        return ids.time_of(self.id)

    @property
    def given_back(self) -> int:
        """How much of the price was given back, in micro-units."""
        return self.price if self.refunded else self.returned or 0

    @property
    def body_until(self) -> dt.datetime:
        """From when on nobody is shown the text; sooner than its key ends when that counts from the final status."""
        if self.body_hours is None or self.final_at is None:
            return self.body_expires_at
        return min(self.body_expires_at, self.final_at + dt.timedelta(hours=self.body_hours))


class Body(models.Model):
    """The text, under the body key of its workspace and expiry day. Dies with the key, then with the partition."""

    pk = CompositePrimaryKey("expires_on", "message_id")
    expires_on = models.DateField()
    message_id = models.UUIDField()
    workspace = models.ForeignKey(
        "accounts.Workspace", on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    text_ct = models.BinaryField()

    class Meta:
        db_table = "messaging_body"

    def __str__(self) -> str:
        return f"body of {ids.encode('msg', self.message_id)}"


class Outbox(models.Model):
    """Work still to be done for a message: the queue. Deleted when the message is final."""

    class State(models.IntegerChoices):
        QUEUED = 0, "queued"
        LEASED = 1, "leased"  # claimed; its outcome is unknown if the lease runs out
        SUBMITTED = 2, "submitted"  # every part accepted by the carrier, receipts awaited

    message_id = models.UUIDField(primary_key=True)
    workspace = models.ForeignKey(
        "accounts.Workspace", on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    carrier_id = models.UUIDField()
    state = models.PositiveSmallIntegerField(choices=State, default=State.QUEUED)
    lane = models.PositiveSmallIntegerField()  # 0 otp, 1 transactional, 2 marketing
    due_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    attempt = models.PositiveSmallIntegerField(default=0)  # claims so far
    failures = models.PositiveSmallIntegerField(default=0)  # temporary refusals so far; throttling is none
    hop = models.PositiveSmallIntegerField(default=0)  # index into the ordered carriers of its route
    parts = models.PositiveSmallIntegerField()
    lease_until = models.DateTimeField(null=True)
    leased_by = models.UUIDField(null=True)

    class Meta:
        db_table = "messaging_outbox"
        indexes = [
            models.Index("carrier_id", "lane", "due_at", name="outbox_claim", condition=Q(state=0)),
            models.Index("lease_until", name="outbox_lease", condition=Q(state=1)),
            models.Index("expires_at", name="outbox_expiry"),
        ]

    def __str__(self) -> str:
        return ids.encode("msg", self.message_id)


class MessageEvent(models.Model):
    """Something that happened to a message and that neither an attempt nor its final state tells."""

    id = models.UUIDField(primary_key=True, editable=False)
    workspace = models.ForeignKey(
        "accounts.Workspace", on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    message_id = models.UUIDField()
    kind = models.CharField(max_length=24)  # rerouted, retried, unknown, canceled, redacted, receipt_conflict, expired
    code = models.CharField(max_length=40, null=True)  # noqa: DJ001  # no code is not an empty code
    at = models.DateTimeField()

    class Meta:
        db_table = "messaging_event"
        indexes = [models.Index("message_id", "at", name="event_message")]

    def __str__(self) -> str:
        return self.kind
