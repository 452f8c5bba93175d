"""What each carrier was handed and what it answered, one row per part and attempt."""

from django.db import models
from django.db.models import Q
from django.db.models.fields.composite import CompositePrimaryKey

from smsplatform.lib import ids


class Attempt(models.Model):
    """One part handed to one carrier once. Updated a single time, by its final receipt."""

    pk = CompositePrimaryKey("message_id", "part", "attempt")
    message_id = models.UUIDField()
    part = models.PositiveSmallIntegerField()  # from 1
    attempt = models.PositiveSmallIntegerField()  # from 1
    workspace = models.ForeignKey(
        "accounts.Workspace", on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    carrier_id = models.UUIDField()
    session = models.CharField(max_length=12)
    sequence = models.BigIntegerField()
    outcome = models.CharField(max_length=10)  # accepted, throttled, temporary, final, unknown
    code = models.CharField(max_length=40, null=True)  # noqa: DJ001  # no code is not an empty code
    ref = models.CharField(max_length=65, null=True)  # noqa: DJ001  # the carrier's id, canonical form
    submitted_at = models.DateTimeField()
    receipt = models.CharField(max_length=13, null=True)  # noqa: DJ001  # final receipt state
    receipt_code = models.CharField(max_length=40, null=True)  # noqa: DJ001  # the network's error code
    receipt_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "messaging_attempt"
        indexes = [models.Index("carrier_id", "ref", name="attempt_ref", condition=Q(ref__isnull=False))]

    def __str__(self) -> str:
        return f"{ids.encode('msg', self.message_id)} part {self.part} attempt {self.attempt}"


class OrphanReceipt(models.Model):
    """A receipt whose id no attempt carries yet: early, unknown, or from before a restore. Matched later."""

    id = models.UUIDField(primary_key=True, editable=False)
    carrier = models.ForeignKey("messaging.Carrier", on_delete=models.CASCADE, related_name="+")
    ref = models.CharField(max_length=65)
    state = models.CharField(max_length=13)
    code = models.CharField(max_length=40, null=True)  # noqa: DJ001  # no code is not an empty code
    received_at = models.DateTimeField()
    matched_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "messaging_orphan_receipt"
        indexes = [models.Index("carrier", "ref", name="orphan_ref", condition=Q(matched_at__isnull=True))]

    def __str__(self) -> str:
        return self.state
