from django.db import models

from billing.models.read_only import ReadOnly


class Transfer(ReadOnly):
    """Money that moved from one account to another; never changed, never deleted while it is kept.

    ``id`` is the id of what caused it: a message for charges and refunds, the payment for top-ups, the hold for what
    was drawn from it.
    """

    class Kind(models.TextChoices):
        CHARGE = "charge", "Message"
        REFUND = "refund", "Refund"
        TOP_UP = "top_up", "Top-up"
        ADJUSTMENT = "adjustment", "Correction"
        DRAWN = "drawn", "Drawn from a hold"

    pk = models.CompositePrimaryKey("id", "kind")
    id = models.UUIDField()
    kind = models.TextField(choices=Kind)
    at = models.DateTimeField()
    amount = models.BigIntegerField()
    currency = models.TextField()
    workspace_id = models.UUIDField()
    wallet_id = models.UUIDField()
    wallet_seq = models.BigIntegerField()
    wallet_after = models.BigIntegerField()
    debit_id = models.UUIDField()
    credit_id = models.UUIDField()
    actor_id = models.UUIDField(null=True)
    reverses = models.TextField(null=True)  # noqa: DJ001 - the table is SQL, and null says "reverses nothing"
    reason = models.TextField(null=True)  # noqa: DJ001 - as above

    class Meta(ReadOnly.Meta):
        db_table = 'ledger"."transfer'

    def __str__(self) -> str:
        return f"{self.kind} {self.wallet_seq}"

    @property
    def signed_amount(self) -> int:
        """The change of the wallet, in micro-units."""
        return self.amount if self.credit_id == self.wallet_id else -self.amount
