from django.db import models

from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy.models import workspace_key


class Suppression(models.Model):
    """A number this workspace must not send to. Known by its blind index only."""

    class Reason(models.TextChoices):
        OPT_OUT = "opt_out", "Opted out"
        OBJECTION = "objection", "Objected"
        RESTRICTION = "restriction", "Processing restricted"

    class Source(models.TextChoices):
        API = "api", "API"
        REQUEST = "request", "The person's request"
        KEYWORD = "keyword", "The person's answer"

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    workspace = models.ForeignKey("accounts.Workspace", on_delete=models.CASCADE, related_name="suppressions")
    to_idx = models.BinaryField(max_length=16)
    reason = models.CharField(max_length=11, choices=Reason)
    source = models.CharField(max_length=7, choices=Source, default=Source.API, db_default=Source.API)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "messaging_suppression"
        constraints = [
            workspace_key("suppression_workspace_id"),
            models.UniqueConstraint(fields=["workspace", "to_idx", "reason"], name="suppression_once"),
        ]
        indexes = [
            models.Index(
                "workspace", "to_idx", name="suppression_restricted", condition=models.Q(reason="restriction")
            ),
        ]

    def __str__(self) -> str:
        return self.reason
