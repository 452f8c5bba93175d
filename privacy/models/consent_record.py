from django.db import models

from smsplatform.lib import ids


class ConsentRecord(models.Model):
    """One decision on cookies. Never changed: withdrawing is a decision of its own under the same ``consent_id``."""

    class Decision(models.TextChoices):
        ACCEPTED = "accepted"
        DECLINED = "declined"
        PARTIAL = "partial"
        WITHDRAWN = "withdrawn"

    class Method(models.TextChoices):
        PANEL = "panel"  # at the bottom of a page
        PAGE = "page"  # /privacy/cookies
        BANNER = "banner"

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    consent_id = models.UUIDField()  # random, in the visitor's cookie
    decision = models.CharField(max_length=10, choices=Decision.choices)
    groups = models.JSONField()
    text_version = models.CharField(max_length=20)
    language = models.CharField(max_length=10)
    gpc = models.BooleanField()
    method = models.CharField(max_length=10, choices=Method.choices)
    decided_at = models.DateTimeField()

    class Meta:
        db_table = "privacy_consent_record"
        indexes = [
            models.Index("consent_id", name="consent_of"),
            models.Index("decided_at", name="consent_decided"),
        ]

    def __str__(self) -> str:
        return self.decision
