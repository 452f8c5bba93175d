"""A request to the API as the log keeps it: that it came and how it ended, never what was in it."""

import datetime as dt

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from privacy import profiles
from smsplatform.lib import ids


class CallQuerySet(models.QuerySet["Call"]):
    """Requests, read by those who wrote the program that made them."""

    def readable(self, *, at: dt.datetime) -> "CallQuerySet":
        """Those within retention, even when the purge is late."""
        return self.filter(id__gte=ids.floor(at - profiles.duration("retention.api_log")))


class Call(models.Model):
    """One request that carried a key of ours. Partitioned by month; the id tells when the answer was given."""

    id = models.UUIDField(primary_key=True, editable=False)
    workspace = models.ForeignKey(
        "accounts.Workspace", on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    livemode = models.BooleanField()
    request_id = models.CharField(max_length=64)  # the client's own when it sent one
    key_id = models.UUIDField()
    method = models.CharField(max_length=7)
    route = models.CharField(max_length=120, default="", blank=True)  # the template, never what was put into it
    status = models.PositiveSmallIntegerField()
    code = models.CharField(max_length=40, null=True)  # noqa: DJ001  # no problem is not an empty one
    pointers = ArrayField(models.CharField(max_length=80), default=list)  # which fields were refused
    duration_ms = models.PositiveIntegerField()
    message_id = models.UUIDField(null=True)
    country = models.CharField(max_length=2, null=True)  # noqa: DJ001  # only of requests that made a message
    parts = models.PositiveSmallIntegerField(null=True)

    objects = CallQuerySet.as_manager()

    class Meta:
        db_table = "messaging_call"
        indexes = [
            models.Index("workspace", F("id").desc(), name="call_list"),
            models.Index("workspace", F("id").desc(), name="call_errors", condition=Q(status__gte=400)),
            models.Index("workspace", "request_id", name="call_request"),
        ]

    def __str__(self) -> str:
        return self.request_id

    @property
    def at(self) -> dt.datetime:
        """When it was answered."""
        return ids.time_of(self.id)
