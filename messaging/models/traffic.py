"""Traffic by the hour: what the figures and charts are read from. Filled by ``messaging/sql/traffic.sql`` only."""

from django.db import models
from django.db.models.fields.composite import CompositePrimaryKey

from smsplatform.lib import ids


class TrafficHour(models.Model):
    """How many messages accepted in one hour went where, and how. Says nothing about anybody in particular.

    ``latency`` is a class of times from acceptance (or the time it was scheduled for) to the handset, see
    ``messaging.latency``; 0 for messages that did not arrive.
    """

    OPEN = "open"  # not final yet; every other outcome is a final status

    pk = CompositePrimaryKey("workspace_id", "livemode", "hour", "country", "category", "outcome", "latency")
    workspace = models.ForeignKey(
        "accounts.Workspace", on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    livemode = models.BooleanField()
    hour = models.DateTimeField()
    country = models.CharField(max_length=2)
    category = models.CharField(max_length=13)
    outcome = models.CharField(max_length=11)
    latency = models.PositiveSmallIntegerField()
    messages = models.BigIntegerField()
    parts = models.BigIntegerField()
    price = models.BigIntegerField()  # micro-units owed: without what was returned

    class Meta:
        db_table = "messaging_traffic_hour"
        indexes = [models.Index("hour", name="traffic_age")]

    def __str__(self) -> str:
        return f"{self.messages} {self.outcome}"


class TouchedHour(models.Model):
    """A note that messages of an hour were added, changed or erased, so that its figures are due to be made again."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    workspace = models.ForeignKey(
        "accounts.Workspace", on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    livemode = models.BooleanField()
    hour = models.DateTimeField()

    class Meta:
        db_table = "messaging_touched_hour"
        indexes = [models.Index("hour", "workspace", "livemode", name="touched_order")]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H}h"


class ProcessorHour(models.Model):
    """How many messages accepted in one hour a carrier was handed, and where it processes. About nobody in particular.

    Filled by ``messaging/sql/processors.sql`` only.
    """

    pk = CompositePrimaryKey("workspace_id", "hour", "carrier_id", "country")
    workspace = models.ForeignKey(
        "accounts.Workspace", on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    hour = models.DateTimeField()
    carrier_id = models.UUIDField()
    country = models.CharField(max_length=2)  # of the carrier, when it was counted; empty: not declared
    messages = models.BigIntegerField()

    class Meta:
        db_table = "messaging_processor_hour"
        indexes = [models.Index("hour", name="processor_age")]

    def __str__(self) -> str:
        return f"{self.messages} {self.country}"


class ProcessorDue(models.Model):
    """An hour whose counts by carrier are to be made again."""

    hour = models.DateTimeField(primary_key=True)

    class Meta:
        db_table = "messaging_processor_due"

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H}h"
