"""What the platform knows of itself."""

from django.db import models

from smsplatform.lib import ids


class Probe(models.Model):
    """How one part answered at one moment; the status page is made of these."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    at = models.DateTimeField()
    part = models.SlugField(max_length=20)
    ok = models.BooleanField()
    value = models.FloatField(null=True)  # seconds late, or the part of carrier sessions that are open

    class Meta:
        db_table = "smsplatform_probe"
        indexes = [models.Index("at", name="probe_age")]

    def __str__(self) -> str:
        return self.part
