from django.db import models

from smsplatform.lib import ids


class PurgeRun(models.Model):
    """What a run removed of one retention unit, or why it did not; and, under ``HEARTBEAT``, that a run was made.

    Runs that found nothing of a unit leave no record of it: the heartbeat says that they looked.
    """

    HEARTBEAT = "heartbeat"

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    unit = models.CharField(max_length=40)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    removed = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=40, default="", blank=True)  # name of what went wrong, never its text

    unfinished = False  # of this run in memory: its share was used up before the unit was clean

    class Meta:
        db_table = "privacy_purge_run"
        indexes = [models.Index("unit", models.F("id").desc(), name="purge_run_unit")]

    def __str__(self) -> str:
        return f"{self.unit} {self.removed}"
