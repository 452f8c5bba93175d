"""Wrapped keys and the marks of what was erased. A database of its own, which the main backup never contains:
a key destroyed here is gone from every old dump of the data it opened."""

from django.db import models

from smsplatform.lib import clock, ids


class WorkspaceKey(models.Model):
    """A key wrapped under its parent: the root under the vault, all others under the root."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    workspace_id = models.UUIDField()
    purpose = models.CharField(max_length=10)
    bucket_on = models.DateField(null=True)  # the expiry day of a body key
    epoch = models.PositiveSmallIntegerField(default=1)
    wrapped = models.BinaryField()
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "keystore_key"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace_id", "purpose", "bucket_on", "epoch"], name="key_once", nulls_distinct=False
            )
        ]
        indexes = [models.Index("bucket_on", name="key_bucket", condition=models.Q(bucket_on__isnull=False))]

    def __str__(self) -> str:
        return f"{self.purpose} key"


class Tombstone(models.Model):
    """Something was erased: applied again after a restore. Holds no identifier but the random id of a row."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    model = models.CharField(max_length=60)
    row_id = models.UUIDField()
    action = models.CharField(max_length=12)
    at = models.DateTimeField()
    epoch = models.PositiveBigIntegerField(default=0)  # of its erasure, see Watermark

    class Meta:
        db_table = "keystore_tombstone"
        indexes = [models.Index("at", name="tombstone_at"), models.Index("row_id", name="tombstone_row")]

    def __str__(self) -> str:
        return f"{self.action} {self.model}"


class LogHead(models.Model):
    """How far the audit log had come when it was sealed last: a log that was cut off or rolled back is shorter.

    It stands here because whoever can rewrite the main database cannot write this one. One row.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    seal = models.BigIntegerField()
    mac = models.BinaryField()  # of that seal
    segments = models.PositiveIntegerField()
    root = models.BinaryField()  # of the tree of these segments
    at = models.DateTimeField()

    class Meta:
        db_table = "keystore_log_head"

    def __str__(self) -> str:
        return f"seal {self.seal}"


class Watermark(models.Model):
    """How many erasures there have been. A main database that knows of fewer was restored from before them; of fewer
    than ``forgotten``, from before erasures whose marks are gone, and cannot be made whole."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    epoch = models.PositiveBigIntegerField(default=0)
    forgotten = models.PositiveBigIntegerField(default=0)

    class Meta:
        db_table = "keystore_watermark"
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="watermark_is_one_row")]

    def __str__(self) -> str:
        return str(self.epoch)
