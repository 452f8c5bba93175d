from django.db import models

from smsplatform.lib import ids


class KnownDevice(models.Model):
    """A kind of browser that a person has signed in with: a keyed hash of its family, by which a new one is noticed."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="known_devices")
    digest = models.BinaryField(max_length=16)
    seen_at = models.DateTimeField()

    class Meta:
        db_table = "accounts_known_device"
        constraints = [models.UniqueConstraint(fields=["user", "digest"], name="known_device_once")]
        indexes = [models.Index("seen_at", name="known_device_seen")]

    def __str__(self) -> str:
        return str(self.id)
