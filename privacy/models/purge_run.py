from django.db import models

from smsplatform.lib import ids


class PurgeRun(models.Model):
    """One pass over one retention unit: the record by which anybody sees whether the purge works."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    unit = models.CharField(max_length=40)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    removed = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=40, default="", blank=True)  # name of what went wrong, never its text

    class Meta:
        db_table = "privacy_purge_run"
        indexes = [models.Index("unit", models.F("id").desc(), name="purge_run_unit")]

    def __str__(self) -> str:
        return f"{self.unit} {self.removed}"
