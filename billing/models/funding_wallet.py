from django.db import models

from privacy.ciphers import EncryptedField


class FundingWallet(models.Model):
    """The wallet that a deposit came from. ``id`` is the deposit's, as in its transfer; part of the books like that.

    Sealed by the platform's key, because the books outlive the workspace.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    workspace_id = models.UUIDField()
    address = EncryptedField(purpose="account", workspace=None)
    address_idx = models.BinaryField(max_length=16, editable=False)
    at = models.DateTimeField()

    class Meta:
        db_table = "billing_funding_wallet"
        indexes = [
            models.Index("address_idx", name="funding_wallet_address"),
            models.Index("workspace_id", name="funding_wallet_workspace"),
            models.Index("at", name="funding_wallet_at"),
        ]

    def __str__(self) -> str:
        return str(self.id)
