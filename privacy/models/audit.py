import datetime as dt
from typing import Any, NoReturn

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.fields.json import KT

from privacy import silence
from smsplatform.lib import ids


class AppendOnly(TypeError):
    """Audit events are written by ``privacy.audit.record`` and never changed."""


class AuditQuerySet(models.QuerySet["AuditEvent"]):
    """Reading only: the database refuses changes too, this says so earlier."""

    def told(self, at: dt.datetime) -> "AuditQuerySet":
        """Without what the law forbids to tell the workspace at ``at``."""
        return self.filter(silence.told(at, disclosure=KT("details__disclosure")))

    def readable(self, *, at: dt.datetime) -> "AuditQuerySet":
        """What goes into copies of the workspace's data: the same."""
        return self.told(at)

    def _refuse(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnly

    update = delete = create = bulk_create = bulk_update = get_or_create = update_or_create = _refuse


class AuditEvent(models.Model):
    """Somebody did something in a workspace. No foreign keys: evidence outlives what it speaks of."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    workspace_id = models.UUIDField()  # zero for what happened in none
    actor_id = models.UUIDField(null=True)  # a person's or key's id; null for the platform itself
    action = models.CharField(max_length=60)  # source:subject:action
    details = models.JSONField(default=dict)  # ids and short codes only, checked by the writer
    at = models.DateTimeField()
    withheld_until = models.DateTimeField(null=True)  # hidden from the workspace, where a law demands it
    salt = models.BinaryField(default=b"", db_default=b"")  # empty in rows from before there were seals
    mac = models.BinaryField(default=b"", db_default=b"")  # the writer's, over the leaf

    objects = AuditQuerySet.as_manager()

    class Meta:
        db_table = "privacy_audit_event"
        indexes = [models.Index("workspace_id", models.F("id").desc(), name="audit_list")]

    def __str__(self) -> str:
        return self.action

    def save(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused: ``privacy.audit.record`` writes."""
        raise AppendOnly

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused: retention drops whole days."""
        raise AppendOnly


class AuditSeal(models.Model):
    """What the sealer found in one minute: which events, with which leaves, chained to the seal before."""

    number = models.BigIntegerField(primary_key=True)  # 1, 2, 3 …
    at = models.DateTimeField()
    first = models.BigIntegerField()  # the place of its first event in the whole log, from 0
    events = ArrayField(models.UUIDField())  # ascending
    leaves = models.BinaryField()  # 32 bytes each, in the order of the events
    mac = models.BinaryField()  # over all of this and the mac before

    class Meta:
        db_table = "privacy_audit_seal"
        indexes = [models.Index("at", name="audit_seal_at")]

    def __str__(self) -> str:
        return f"seal {self.number}"


class AuditSegment(models.Model):
    """A day of the log, closed: the Merkle root of its leaves. Outlives the events; holds nothing about anybody."""

    number = models.PositiveIntegerField(primary_key=True)  # 1, 2, 3 …
    day_on = models.DateField(unique=True)  # UTC
    first_seal = models.BigIntegerField()
    last_seal = models.BigIntegerField()  # first_seal - 1 when nobody sealed on that day
    first = models.BigIntegerField()
    count = models.BigIntegerField()
    root = models.BinaryField()
    chain = models.BinaryField()  # the mac of the last seal so far
    at = models.DateTimeField()
    note = models.TextField()  # the signed checkpoint of the tree whose last leaf this segment is

    class Meta:
        db_table = "privacy_audit_segment"

    def __str__(self) -> str:
        return f"{self.day_on}"


class AuditReview(models.Model):
    """An auditor looked at something that stood out, and signed it off. Written once."""

    class Verdict(models.TextChoices):
        IN_ORDER = "in_order", "In order"
        FOLLOW_UP = "follow_up", "Followed up"
        BREACH = "breach", "Reported as a breach"

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    flag = models.CharField(max_length=100)  # its kind and what it is about: ids and codes
    verdict = models.CharField(max_length=10, choices=Verdict)
    note = models.CharField(max_length=300)
    by_id = models.UUIDField()
    at = models.DateTimeField()

    class Meta:
        db_table = "privacy_audit_review"
        constraints = [models.UniqueConstraint(fields=["flag", "by_id"], name="audit_review_once")]

    def __str__(self) -> str:
        return self.flag
