from django.db import models

from billing.models.read_only import ReadOnly


class Account(ReadOnly):
    """A wallet of a workspace (one per mode and currency), or a house account, which has no workspace.

    Amounts are micro-units. A wallet's ``posted`` is what its transfers add up to; ``held`` of it is promised.
    """

    class Kind(models.TextChoices):
        WALLET = "wallet", "Wallet"
        TEST_WALLET = "test_wallet", "Test wallet"

    id = models.UUIDField(primary_key=True)
    workspace_id = models.UUIDField(null=True)
    kind = models.TextField()
    currency = models.TextField()
    revenue_id = models.UUIDField(null=True)
    posted = models.BigIntegerField()
    held = models.BigIntegerField()
    credit_limit = models.BigIntegerField()
    seq = models.BigIntegerField()
    frozen = models.BooleanField()

    class Meta(ReadOnly.Meta):
        db_table = 'ledger"."account'

    def __str__(self) -> str:
        return f"{self.kind} {self.currency}"

    @property
    def available(self) -> int:
        """What may still be spent, in micro-units."""
        return self.posted - self.held + self.credit_limit
