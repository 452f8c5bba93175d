from django.db import models
from django.db.models import F, Q

from smsplatform.lib import clock, ids

NOTICE_FLOOR_DAYS = 14  # whatever a profile says, what matters is announced this long before


class NoticeFloor(models.Func):
    """The earliest moment at which an announced change of weight may apply."""

    template = f"%(expressions)s + interval '{NOTICE_FLOOR_DAYS} days'"
    arity = 1
    output_field = models.DateTimeField()


class DocumentVersion(models.Model):
    """One version of a document people rely on. Once announced, what it says cannot be changed any more.

    At most one version of a document is in effect, one announced and one drafted; the database sees to that.
    """

    class State(models.TextChoices):
        DRAFT = "draft"
        ANNOUNCED = "announced"
        EFFECTIVE = "effective"
        ARCHIVED = "archived"

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    document = models.SlugField(max_length=20)
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=9, choices=State, default=State.DRAFT)
    profile = models.SlugField(max_length=20)
    snapshot = models.JSONField()  # settings and inventory it was made from
    digest = models.CharField(max_length=64)  # SHA-256 of snapshot and texts
    changes = models.JSONField(default=list)  # computed, from the version in effect when it was drafted
    material = models.BooleanField()
    raised_by = models.UUIDField(null=True)  # the person who called it material though it was computed not to be
    drafted_at = models.DateTimeField(default=clock.now)
    announced_at = models.DateTimeField(null=True)
    effective_at = models.DateTimeField(null=True)
    archived_at = models.DateTimeField(null=True)
    # Mail to everybody, in batches: the last person written to, who is at it until when, and when all were.
    mailed_up_to = models.UUIDField(null=True)
    mails_leased_until = models.DateTimeField(null=True)
    mailed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "privacy_document_version"
        constraints = [
            models.UniqueConstraint(fields=["document", "number"], name="document_number"),
            models.UniqueConstraint(fields=["document", "state"], name="document_one_of_a_state",
                                    condition=~Q(state="archived")),
            models.CheckConstraint(
                name="document_dates",
                condition=Q(state="draft", announced_at=None, archived_at=None)
                | Q(state__in=["announced", "effective"], announced_at__isnull=False, effective_at__isnull=False,
                    archived_at=None)
                | Q(state="archived", announced_at__isnull=False, effective_at__isnull=False,
                    archived_at__isnull=False),
            ),
            models.CheckConstraint(
                name="document_notice_floor",
                condition=Q(material=False) | Q(number=1) | Q(announced_at=None)
                | Q(effective_at__gte=NoticeFloor(F("announced_at"))),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.document} {self.number}"


class DocumentText(models.Model):
    """A version in one language: titles, clauses and tables as data, so that old versions look like new ones."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    version = models.ForeignKey(DocumentVersion, on_delete=models.CASCADE, related_name="texts")
    language = models.CharField(max_length=8)
    content = models.JSONField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        db_table = "privacy_document_text"
        constraints = [models.UniqueConstraint(fields=["version", "language"], name="document_text_language")]

    def __str__(self) -> str:
        return f"{self.version_id} {self.language}"


class DocumentReader(models.Model):
    """What one person has been told of one version. Going on is noted for what it is, and is no consent."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    version = models.ForeignKey(DocumentVersion, on_delete=models.CASCADE, related_name="readers")
    user_id = models.UUIDField()
    mailed_at = models.DateTimeField(null=True)
    shown_at = models.DateTimeField(null=True)
    dismissed_at = models.DateTimeField(null=True)
    continued_at = models.DateTimeField(null=True)  # the first page after it was shown and in effect

    class Meta:
        db_table = "privacy_document_reader"
        constraints = [models.UniqueConstraint(fields=["version", "user_id"], name="document_reader_once")]
        indexes = [models.Index("user_id", name="document_reader_user")]

    def __str__(self) -> str:
        return f"{self.version_id} {self.user_id}"
