import base64
import datetime as dt
import secrets
from urllib.parse import quote, urlencode

from django.db import models
from django_otp.models import Device, TimestampMixin
from django_otp.oath import TOTP

from privacy.ciphers import EncryptedField
from smsplatform.lib import clock, ids

SECRET_BYTES = 20  # as long as the digest of SHA-1, RFC 4226 section 4
TOLERANCE_STEPS = 1  # of 30 seconds: a clock may be that far off, and a person that slow
ISSUER = "smsplatform"


class TotpDevice(TimestampMixin, Device):  # type: ignore[misc]  # django-otp is untyped
    """An authenticator app. Its secret is ciphertext here; each time step opens the door once (RFC 6238 section 5.2).

    Guessing is slowed down where codes are asked for, by person and not by device (``accounts.factors``).
    """

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    name = None  # there is one for each person
    secret = EncryptedField(purpose="secrets", workspace=None)
    last_step = models.BigIntegerField(default=-1)

    class Meta:
        db_table = "accounts_totp_device"
        constraints = [
            models.UniqueConstraint(fields=["user"], condition=models.Q(confirmed=True), name="totp_device_once")
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def persistent_id(self) -> str:
        """What django-otp keeps in the session and finds the device by: it insists on a number."""
        return f"{self.model_label()}/{self.id.int}"

    @classmethod
    def make_secret(cls) -> str:
        """A new secret in base32, as people type it."""
        return base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode()

    @property
    def setup_url(self) -> str:
        """What the picture says to an authenticator."""
        label = quote(f"{ISSUER}:{self.user.email}")
        query = urlencode({"secret": self.secret, "issuer": ISSUER, "algorithm": "SHA1", "digits": 6, "period": 30})
        return f"otpauth://totp/{label}?{query}"

    def code(self, at: dt.datetime) -> str:
        """The code of the time step of ``at``."""
        return f"{self._totp(at).token():06d}"

    def verify_token(self, token: str) -> bool:
        """django-otp's question."""
        return self.accept(token, at=clock.now())

    def accept(self, code: str, *, at: dt.datetime) -> bool:
        """Whether ``code`` is right at ``at`` and its time step was not used before, nor a later one. Uses it up."""
        totp = self._totp(at)
        if not (code.isascii() and code.isdigit() and len(code) == 6 and totp.verify(int(code), TOLERANCE_STEPS)):
            return False
        step = totp.t()
        # One statement, so that of two requests with the same code one is refused.
        fresh = TotpDevice.objects.filter(pk=self.pk, last_step__lt=step)
        return bool(fresh.update(last_step=step, last_used_at=at))

    def _totp(self, at: dt.datetime) -> TOTP:
        totp = TOTP(base64.b32decode(self.secret))
        totp.time = at.timestamp()
        return totp
