from django.db import models

from privacy.ciphers import EncryptedField
from smsplatform.lib import ids


class PasskeyName(models.Model):
    """What somebody calls one of their passkeys. Beside the library's table, whose own name field is plain text."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    passkey = models.OneToOneField(
        "django_otp_webauthn.WebAuthnCredential", on_delete=models.CASCADE, related_name="named"
    )
    name = EncryptedField(purpose="account", workspace=None)

    class Meta:
        db_table = "accounts_passkey_name"

    def __str__(self) -> str:
        return str(self.id)
