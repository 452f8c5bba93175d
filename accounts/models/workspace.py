from django.db import models

from smsplatform.lib import clock, ids


class Workspace(models.Model):
    """The tenant: one customer's messages, keys, money and people, apart from all others."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    name = models.CharField(max_length=80)
    currency = models.CharField(max_length=3, default="EUR")
    time_zone = models.CharField(max_length=40, default="UTC")
    body_hours = models.PositiveSmallIntegerField(default=24)
    price_plan_id = models.UUIDField()
    sends_max = models.PositiveIntegerField(default=5000)  # messages per second, all keys together
    created_at = models.DateTimeField(default=clock.now)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "accounts_workspace"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(body_hours__gte=1, body_hours__lte=24), name="workspace_body_hours_tighten_only"
            )
        ]

    def __str__(self) -> str:
        return ids.encode("wsp", self.id)
