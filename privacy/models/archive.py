"""A person's copy of their data on its way to them, sealed under a key of its own."""

from django.db import models
from django.db.models import Q

from privacy.ciphers import EncryptedField
from smsplatform.lib import clock, ids


class Archive(models.Model):
    """One copy of somebody's data, by the id of its request. ``listed_for`` is the person or workspace that sees it."""

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        READY = "ready", "Ready"
        FAILED = "failed", "Failed"
        GONE = "gone", "Gone"  # taken, over, or erased: the key is destroyed

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    subject = models.CharField(max_length=20)
    listed_for = models.UUIDField(null=True)
    person = EncryptedField(purpose="archive", workspace="id", null=True)  # who it is about, until it is made
    language = models.CharField(max_length=8, default="en")
    state = models.CharField(max_length=7, choices=State, default=State.QUEUED)
    builder = models.UUIDField(null=True)  # the attempt that may write
    rows_total = models.PositiveIntegerField(default=0)
    rows_done = models.PositiveIntegerField(default=0)
    pieces = models.PositiveIntegerField(default=0)
    size = models.PositiveBigIntegerField(default=0)  # bytes of the file
    downloads_left = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=40, default="", blank=True)  # name of what went wrong, never its text
    created_at = models.DateTimeField(default=clock.now)
    touched_at = models.DateTimeField(default=clock.now)
    ready_at = models.DateTimeField(null=True)
    taken_at = models.DateTimeField(null=True)  # the last download
    expires_at = models.DateTimeField()

    class Meta:
        db_table = "privacy_archive"
        indexes = [
            models.Index("listed_for", models.F("id").desc(), name="archive_list"),
            models.Index("touched_at", name="archive_open", condition=Q(state__in=["queued", "running"])),
            models.Index("expires_at", name="archive_expiry", condition=~Q(state="gone")),
        ]

    def __str__(self) -> str:
        return ids.encode(ids.ARCHIVE, self.id)


class ArchivePiece(models.Model):
    """A part of the file, in order."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    archive = models.ForeignKey(Archive, on_delete=models.CASCADE, related_name="+")
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        db_table = "privacy_archive_piece"
        constraints = [models.UniqueConstraint(fields=["archive", "number"], name="archive_piece_once")]

    def __str__(self) -> str:
        return f"piece {self.number}"
