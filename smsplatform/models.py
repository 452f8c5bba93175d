"""What the platform knows of itself."""

import datetime as dt

from django.db import models
from django.utils.translation import gettext_lazy as _

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


class Announcement(models.Model):
    """What the operator tells every customer, from a moment on and until another."""

    class Tone(models.TextChoices):
        INFO = "info", _("Information")
        WARN = "warn", _("Warning")
        BAD = "bad", _("Incident")

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    tone = models.CharField(max_length=4, choices=Tone, default=Tone.INFO)
    title = models.CharField(max_length=120)
    text = models.CharField(max_length=1000)
    title_de = models.CharField(max_length=120, blank=True, default="")
    text_de = models.CharField(max_length=1000, blank=True, default="")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)  # null: until somebody ends it
    created_at = models.DateTimeField()
    created_by = models.UUIDField()

    class Meta:
        db_table = "smsplatform_announcement"
        indexes = [models.Index("starts_at", name="announcement_start")]

    def __str__(self) -> str:
        return self.title

    @property
    def public_id(self) -> str:
        return ids.encode("ann", self.pk)

    def is_shown(self, at: dt.datetime) -> bool:
        """Whether customers see it at ``at``."""
        return self.starts_at <= at and (self.ends_at is None or at < self.ends_at)

    def state(self, at: dt.datetime) -> str:
        """``planned``, ``shown`` or ``over``."""
        if self.is_shown(at):
            return "shown"
        return "planned" if at < self.starts_at else "over"

    def told(self, language: str) -> tuple[str, str]:
        """Title and text in a language, as far as they were written in it."""
        if language.startswith("de"):
            return self.title_de or self.title, self.text_de or self.text
        return self.title, self.text
