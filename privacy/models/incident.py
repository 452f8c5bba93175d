from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from smsplatform.lib import clock, ids


class Incident(models.Model):
    """A breach, or a drill of one. Its clocks start at ``aware_at``. Texts name nobody: it outlives them."""

    class Risk(models.TextChoices):
        LOW = "low", _("Unlikely to result in a risk")
        RISK = "risk", _("A risk")
        HIGH = "high", _("A high risk")

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    title = models.CharField(max_length=120)
    description = models.TextField(max_length=4000)
    confidentiality = models.BooleanField(default=False)
    integrity = models.BooleanField(default=False)
    availability = models.BooleanField(default=False)
    drill = models.BooleanField(default=False)
    aware_at = models.DateTimeField()
    opened_at = models.DateTimeField(default=clock.now)
    closed_at = models.DateTimeField(null=True)
    owner_id = models.UUIDField()  # who leads it
    risk = models.CharField(max_length=4, choices=Risk, default="", blank=True)
    risk_reasons = models.TextField(max_length=4000, default="", blank=True)
    sealed_only = models.BooleanField(default=False)  # all of it encrypted, keys not exposed: Art. 34(3)(a)
    measures = models.TextField(max_length=4000, default="", blank=True)
    scope = models.JSONField(default=dict)  # the question: models, times, workspaces, actor
    scoped_at = models.DateTimeField(null=True)
    rows = models.JSONField(default=dict)  # the answer: how many by model
    subjects = models.JSONField(default=dict)  # and how many people by kind
    drafts = models.JSONField(default=dict)  # title and text by audience

    class Meta:
        db_table = "privacy_incident"
        indexes = [models.Index("aware_at", condition=Q(closed_at=None), name="incident_open")]

    def __str__(self) -> str:
        return ids.encode(ids.INCIDENT, self.id)


class IncidentEntry(models.Model):
    """What was done about an incident and when. Only added to: this is the record that the law asks for."""

    class Kind(models.TextChoices):
        OPENED = "opened"
        SCOPED = "scoped"
        ASSESSED = "assessed"
        MEASURE = "measure"
        REVOKED = "revoked"
        REPORTED = "reported"  # to the authority; numbered, because phases may follow each other
        NOTIFIED = "notified"  # controllers or users
        DECIDED = "decided"  # that an audience need not be told
        CLOSED = "closed"

    class Audience(models.TextChoices):
        AUTHORITY = "authority", _("Authority")
        CONTROLLERS = "controllers", _("Workspaces (controllers)")
        USERS = "users", _("People with accounts")

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="entries")
    kind = models.CharField(max_length=9, choices=Kind)
    audience = models.CharField(max_length=11, choices=Audience, default="", blank=True)
    number = models.PositiveSmallIntegerField(null=True)  # of a report or notice to this audience
    title = models.CharField(max_length=120, default="", blank=True)
    text = models.TextField(max_length=8000, default="", blank=True)
    late_reason = models.TextField(max_length=1000, default="", blank=True)
    facts = models.JSONField(default=dict)  # counts, codes and references
    actor_id = models.UUIDField(null=True)
    at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)  # when the last workspace was told

    class Meta:
        db_table = "privacy_incident_entry"
        constraints = [
            models.UniqueConstraint(
                "incident", "audience", "number", condition=Q(number__isnull=False), name="incident_numbered_once"
            )
        ]
        indexes = [
            models.Index("at", condition=Q(kind="notified", sent_at=None), name="incident_unsent"),
            models.Index("incident", "id", name="incident_entries"),
        ]

    def __str__(self) -> str:
        return self.kind


class AffectedWorkspace(models.Model):
    """A workspace that the last question found, with how many people by kind."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    workspace_id = models.UUIDField()
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="affected")
    rows = models.BigIntegerField()
    subjects = models.JSONField(default=dict)

    class Meta:
        db_table = "privacy_affected_workspace"
        constraints = [models.UniqueConstraint("incident", "workspace_id", name="affected_once")]

    def __str__(self) -> str:
        return ids.encode(ids.WORKSPACE, self.workspace_id)


class IncidentNotice(models.Model):
    """What one workspace was told: shown on its pages and by the API, mailed to its people, sent to its webhooks."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    workspace_id = models.UUIDField()
    entry_id = models.UUIDField()
    incident_id = models.UUIDField()
    title = models.CharField(max_length=120)
    text = models.TextField(max_length=8000)
    at = models.DateTimeField()
    mails = models.PositiveIntegerField(default=0)  # people who are owed one
    seen_at = models.DateTimeField(null=True)  # when somebody of the workspace said so
    seen_by = models.UUIDField(null=True)

    class Meta:
        db_table = "privacy_incident_notice"
        constraints = [models.UniqueConstraint("entry_id", "workspace_id", name="incident_told_once")]
        indexes = [models.Index("workspace_id", models.F("id").desc(), name="incident_notice_list")]

    def __str__(self) -> str:
        return ids.encode(ids.NOTICE, self.id)
