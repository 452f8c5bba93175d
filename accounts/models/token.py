"""What apps sign in with: refresh tokens, and the keys that sign access tokens."""

from django.db import models

from privacy.ciphers import EncryptedField
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy.models import workspace_key


class RefreshToken(models.Model):
    """A secret good for one exchange against a new pair of tokens. Only its SHA-256 is kept.

    All tokens that follow from one sign-in are a ``family``; access tokens name it, and it ends as a whole.
    """

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    workspace = models.ForeignKey("accounts.Workspace", on_delete=models.CASCADE, related_name="refresh_tokens")
    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="refresh_tokens")
    family = models.UUIDField()
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    livemode = models.BooleanField()
    created_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)  # exchanged: seeing it again means that somebody copied it
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "accounts_refresh_token"
        constraints = [workspace_key("refresh_token_workspace_id")]
        indexes = [
            models.Index("family", name="refresh_token_family"),
            models.Index("expires_at", name="refresh_token_expiry"),
        ]

    def __str__(self) -> str:
        return str(self.id)


class SigningKey(models.Model):
    """An RSA key that signs access tokens; its id is their ``kid``. The newest one signs."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    private_pem = EncryptedField(purpose="secrets", workspace=None)
    created_at = models.DateTimeField(default=clock.now)
    retired_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "accounts_signing_key"

    def __str__(self) -> str:
        return str(self.id)
