from typing import Any, NoReturn

from django.db import models

from smsplatform.lib import ids


class AppendOnly(TypeError):
    """Audit events are written by ``privacy.audit.record`` and never changed."""


class AuditQuerySet(models.QuerySet["AuditEvent"]):
    """Reading only: the database refuses changes too, this says so earlier."""

    def _refuse(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnly

    update = delete = create = bulk_create = bulk_update = get_or_create = update_or_create = _refuse


class AuditEvent(models.Model):
    """Somebody did something in a workspace. No foreign keys: evidence outlives what it speaks of."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    workspace_id = models.UUIDField()
    actor_id = models.UUIDField(null=True)  # a person's or key's id; null for the platform itself
    action = models.CharField(max_length=60)  # source:subject:action
    details = models.JSONField(default=dict)  # ids and short codes only, checked by the writer
    at = models.DateTimeField()

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
