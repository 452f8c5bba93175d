from django.db import models

from billing.models.read_only import ReadOnly


class Hold(ReadOnly):
    """Money of a wallet set aside for what is sent over time. ``used`` of ``amount`` is drawn; both in micro-units."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        CLOSED = "closed", "Closed"
        EXPIRED = "expired", "Expired"

    id = models.UUIDField(primary_key=True)
    workspace_id = models.UUIDField()
    wallet_id = models.UUIDField()
    amount = models.BigIntegerField()
    used = models.BigIntegerField()
    state = models.TextField(choices=State)
    taken_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta(ReadOnly.Meta):
        db_table = 'ledger"."hold'

    def __str__(self) -> str:
        return f"{self.state} {self.used}/{self.amount}"


class Cap(ReadOnly):
    """What a key has spent of its money for one day (of UTC), in micro-units."""

    pk = models.CompositePrimaryKey("subject_id", "day")
    subject_id = models.UUIDField()
    day = models.DateField()
    workspace_id = models.UUIDField()
    scope = models.TextField()
    used = models.BigIntegerField()
    amount_max = models.BigIntegerField()

    class Meta(ReadOnly.Meta):
        db_table = 'ledger"."cap'

    def __str__(self) -> str:
        return f"{self.day} {self.used}/{self.amount_max}"
