import secrets
from uuid import UUID

from django.db import models
from django_otp.models import Device, TimestampMixin

from privacy import ciphers
from smsplatform.lib import clock, ids

CODES = 10
FEW = 3
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # nothing that looks like something else
CODE_LENGTH = 10  # 49 bits


class RecoveryCodes(TimestampMixin, Device):  # type: ignore[misc]  # django-otp is untyped
    """The codes for when every other factor is lost: ten, each good for one sign-in."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    user = models.OneToOneField("accounts.User", on_delete=models.CASCADE, related_name="+")
    name = None  # there is one set for each person

    class Meta:
        db_table = "accounts_recovery_codes"

    def __str__(self) -> str:
        return str(self.id)

    @property
    def persistent_id(self) -> str:
        """What django-otp keeps in the session and finds the device by: it insists on a number."""
        return f"{self.model_label()}/{self.id.int}"

    def verify_token(self, token: str) -> bool:
        """Whether ``token`` is one of the codes that were not used yet. Uses it up."""
        digest = RecoveryCode.digest_of(self.user_id, token)
        unused = RecoveryCode.objects.filter(device_id=self.pk, digest=digest, used_at=None)
        return bool(unused.update(used_at=clock.now()))


class RecoveryCode(models.Model):
    """One code: a keyed hash of it and of whose it is."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    device = models.ForeignKey(RecoveryCodes, on_delete=models.CASCADE, related_name="codes")
    digest = models.BinaryField(max_length=16, unique=True, editable=False)
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "accounts_recovery_code"

    def __str__(self) -> str:
        return str(self.id)

    @staticmethod
    def make() -> str:
        """A new code as people read it: two groups of five."""
        text = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
        return f"{text[:5]}-{text[5:]}"

    @staticmethod
    def digest_of(user_id: UUID, code: str) -> bytes:
        """The hash of a code however it was typed: blanks, dashes and capitals do not matter."""
        plain = "".join(code.split()).replace("-", "").lower()
        return ciphers.platform_index("accounts.RecoveryCode.digest", f"{user_id}:{plain}")
