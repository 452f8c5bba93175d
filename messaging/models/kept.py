"""What outlives its time, and why it may: texts under a hold or window, and totals about nobody."""

from django.db import models
from django.db.models import Q
from django.db.models.fields.composite import CompositePrimaryKey

from smsplatform.lib import ids


class KeptBody(models.Model):
    """A text sealed anew before its key died: under the key of a case, or of the day on which a debugging window ends.

    The database takes no row without one of the two, so there is no third reason to keep a text.
    """

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    message_id = models.UUIDField()
    workspace = models.ForeignKey(
        "accounts.Workspace", on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    hold = models.ForeignKey("privacy.Hold", on_delete=models.PROTECT, null=True, related_name="+")
    window = models.ForeignKey("privacy.DebugWindow", on_delete=models.PROTECT, null=True, related_name="+")
    text_ct = models.BinaryField()

    class Meta:
        db_table = "messaging_kept_body"
        constraints = [
            models.CheckConstraint(
                condition=Q(hold__isnull=False, window=None) | Q(hold=None, window__isnull=False),
                name="kept_for_hold_or_window",
            ),
            models.UniqueConstraint(fields=["message_id", "hold"], name="kept_once_by_hold"),
            models.UniqueConstraint(fields=["message_id", "window"], name="kept_once_by_window"),
        ]

    def __str__(self) -> str:
        return f"kept text of {ids.encode('msg', self.message_id)}"


class CorridorDay(models.Model):
    """How messages of a day fared on one carrier to one country. About no workspace and nobody: see ``corridors``."""

    pk = CompositePrimaryKey("day", "carrier_id", "country")
    day = models.DateField()
    carrier_id = models.UUIDField()
    country = models.CharField(max_length=2)
    messages = models.BigIntegerField()
    parts = models.BigIntegerField()
    delivered = models.BigIntegerField()

    class Meta:
        db_table = "messaging_corridor_day"

    def __str__(self) -> str:
        return f"{self.day} {self.country}"
