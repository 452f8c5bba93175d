"""Reports of unwanted texts, and what was done about them."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from privacy.ciphers import EncryptedField
from smsplatform.lib import ids


class AbuseCase(models.Model):
    """Somebody received a text that they did not want. Their own words: no data of a workspace.

    What was reported (the sender as it was shown, the text as it was copied) came from who received it, who needs
    nobody's leave to tell it. So staff read a case without a grant; what a workspace itself holds they do not see here.
    ``number`` and ``email`` are the reporter's own, both optional, and erased when they ask.
    """

    class Kind(models.TextChoices):
        PHISHING = "phishing", _("Phishing: it wants passwords or codes")
        FRAUD = "fraud", _("Fraud: it wants money, or pretends to be somebody")
        SPAM = "spam", _("Advertising I never asked for")
        HARASSMENT = "harassment", _("Harassment or threats")
        OTHER = "other", _("Something else")

    class State(models.TextChoices):
        NEW = "new", _("New")
        INVESTIGATING = "investigating", _("Being investigated")
        ACTIONED = "actioned", _("Acted upon")
        DISMISSED = "dismissed", _("Dismissed")

    class Source(models.TextChoices):
        FORM = "form", _("Public form")
        CARRIER = "carrier", _("A carrier")
        STAFF = "staff", _("Found by staff")

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    kind = models.CharField(max_length=10, choices=Kind)
    state = models.CharField(max_length=13, choices=State, default=State.NEW)
    source = models.CharField(max_length=7, choices=Source, default=Source.FORM)
    sender = EncryptedField(purpose="account", workspace=None)  # as the handset showed it
    words = EncryptedField(purpose="account", workspace=None, null=True)  # the text, and what they say of it
    number = EncryptedField(purpose="account", workspace=None, null=True)  # on which it arrived
    number_idx = models.BinaryField(max_length=16, null=True, editable=False)
    email = EncryptedField(purpose="account", workspace=None, null=True)  # for an answer
    text_at = models.DateTimeField(null=True)  # when it arrived
    reported_at = models.DateTimeField()
    suspect_id = models.UUIDField(null=True)  # the workspace it was traced to
    hold_id = models.UUIDField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "privacy_abuse_case"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["new", "investigating"], closed_at=None)
                | Q(state__in=["actioned", "dismissed"], closed_at__isnull=False),
                name="abuse_case_ends",
            )
        ]
        indexes = [
            models.Index("reported_at", name="abuse_case_open", condition=Q(closed_at=None)),
            models.Index("closed_at", name="abuse_case_closed", condition=Q(closed_at__isnull=False)),
            models.Index("number_idx", name="abuse_case_number", condition=Q(number_idx__isnull=False)),
        ]

    def __str__(self) -> str:
        return ids.encode(ids.ABUSE_CASE, self.id)


class AbuseStep(models.Model):
    """What was done about a case, by whom, and why. Only added to."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    case = models.ForeignKey(AbuseCase, on_delete=models.CASCADE, related_name="steps")
    state = models.CharField(max_length=13, choices=AbuseCase.State)
    reason = EncryptedField(purpose="account", workspace=None, null=True)
    by_id = models.UUIDField(null=True)  # null: who reported it
    at = models.DateTimeField()

    class Meta:
        db_table = "privacy_abuse_step"
        indexes = [models.Index("case", F("id"), name="abuse_steps")]

    def __str__(self) -> str:
        return self.state
