from typing import Self

from django.db import models

from accounts.models.user import User
from privacy.ciphers import EncryptedField
from smsplatform.lib import ids


class EmailChange(models.Model):
    """A person's wish for another address. It is granted when the old and the new address have both confirmed."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="email_change")
    email = EncryptedField(purpose="account", workspace=None)
    email_idx = models.BinaryField(max_length=16)
    asked_at = models.DateTimeField()
    old_confirmed_at = models.DateTimeField(null=True)
    new_confirmed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "accounts_email_change"
        indexes = [models.Index("asked_at", name="email_change_asked")]

    def __str__(self) -> str:
        return str(self.id)

    def put_email(self, email: str) -> Self:
        """Set the address and its index together; does not save."""
        self.email, self.email_idx = email.strip(), User.email_index(email)
        return self
