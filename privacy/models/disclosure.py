"""Demands of authorities, and what the holder of the data was told of them."""

import datetime as dt

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from privacy.ciphers import EncryptedField
from smsplatform.lib import ids

SILENCE_MAX = dt.timedelta(days=365)


class Ground(models.TextChoices):
    """On what an authority, or we ourselves, may have data disclosed. Values are stored."""

    COURT = "court", _("Order of a court")
    PROSECUTOR = "prosecutor", _("Order of a prosecutor or the police")
    REGULATOR = "regulator", _("Order of a supervisory authority")
    EMERGENCY = "emergency", _("Danger to somebody's life or limb")
    RIGHTS = "rights", _("Our own legal claim or defence")


class Disclosure(models.Model):
    """One demand, from its arrival to its end. What is asked for is in ``records`` (models of the inventory) and in
    ``kinds`` (its categories); nothing else ever gets into the package. Texts are sealed with the platform's key.

    The web role does not see it. What the holder sees is ``DisclosureNotice``, which does not exist before it may.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("To be assessed")
        VALID = "valid", _("Valid, holder to be told")
        TOLD = "told", _("To be approved by a second person")
        APPROVED = "approved", _("Approved")
        REFUSED = "refused", _("Refused")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        HANDED_OVER = "handed_over", _("Handed over")

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    workspace_id = models.UUIDField()
    state = models.CharField(max_length=11, choices=State, default=State.DRAFT)
    ground = models.CharField(max_length=10, choices=Ground)
    country = models.CharField(max_length=2)  # of the authority, ISO 3166
    authority = EncryptedField(purpose="account", workspace=None)
    law = EncryptedField(purpose="account", workspace=None)
    reference = EncryptedField(purpose="account", workspace=None)
    received_at = models.DateTimeField()
    opened_at = models.DateTimeField()
    opened_by = models.UUIDField()
    # The scope
    records = ArrayField(models.CharField(max_length=60))
    kinds = ArrayField(models.CharField(max_length=20))
    since = models.DateTimeField()
    until = models.DateTimeField()
    number = EncryptedField(purpose="account", workspace=None, null=True)  # one recipient, where only that is asked for
    # Silence
    bar_law = EncryptedField(purpose="account", workspace=None, null=True)
    bar_until = models.DateTimeField(null=True)
    # Assessment
    assessed_at = models.DateTimeField(null=True)
    assessed_by = models.UUIDField(null=True)
    authentic = models.BooleanField(default=False)  # asked back by a way we knew before
    effective = models.BooleanField(default=False)  # it may demand this of us here
    narrow = models.BooleanField(default=False)  # the scope is no wider than the demand
    reasons = EncryptedField(purpose="account", workspace=None, null=True)
    # The holder
    notice_ordered_at = models.DateTimeField(null=True)
    noticed_at = models.DateTimeField(null=True)
    release_at = models.DateTimeField(null=True)  # nothing is compiled before
    # The second person
    approved_at = models.DateTimeField(null=True)
    approved_by = models.UUIDField(null=True)
    # The package
    package_id = models.UUIDField(null=True)
    sha256 = models.CharField(max_length=64, default="", blank=True)
    produced_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.UUIDField(null=True)
    outcome = EncryptedField(purpose="account", workspace=None, null=True)  # to whom and how, or why not

    class Meta:
        db_table = "privacy_disclosure"
        constraints = [
            models.CheckConstraint(condition=Q(since__lt=F("until")), name="disclosure_period"),
            models.CheckConstraint(
                condition=Q(bar_until=None, bar_law__isnull=True) | Q(bar_until__isnull=False, bar_law__isnull=False),
                name="disclosure_silence_has_a_law",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "refused", "withdrawn"])
                | Q(authentic=True, effective=True, narrow=True, assessed_by__isnull=False),
                name="disclosure_assessed",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["approved", "handed_over"])
                | (Q(approved_by__isnull=False) & ~Q(approved_by=F("opened_by")) & ~Q(approved_by=F("assessed_by"))),
                name="disclosure_second_person",
            ),
            models.CheckConstraint(
                condition=~Q(state="handed_over") | Q(noticed_at__isnull=False) | Q(bar_law__isnull=False),
                name="disclosure_told_or_barred",
            ),
            models.CheckConstraint(
                condition=~Q(state="handed_over") | Q(produced_at__gte=F("release_at")), name="disclosure_waited"
            ),
        ]
        indexes = [
            models.Index("workspace_id", name="disclosure_workspace"),
            models.Index("notice_ordered_at", name="disclosure_owed", condition=Q(noticed_at=None)),
        ]

    def __str__(self) -> str:
        return ids.encode(ids.DISCLOSURE, self.id)

    @property
    def is_open(self) -> bool:
        """Whether anything can still follow."""
        return self.closed_at is None

    def barred(self, at: dt.datetime) -> bool:
        """Whether the law still forbids to tell the holder."""
        return self.bar_until is not None and at < self.bar_until

    def withheld_until(self, at: dt.datetime) -> dt.datetime | None:
        """Until when an event in the workspace's log about this stays out of its pages."""
        return self.bar_until if self.barred(at) else None


class DisclosureNotice(models.Model):
    """What a workspace is told of one demand, and its objection. Made when it may be told, and not before."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    workspace_id = models.UUIDField()
    disclosure_id = models.UUIDField()
    ground = models.CharField(max_length=10, choices=Ground)
    authority = EncryptedField(purpose="account", workspace=None)
    law = EncryptedField(purpose="account", workspace=None)
    records = ArrayField(models.CharField(max_length=60))
    kinds = ArrayField(models.CharField(max_length=20))
    since = models.DateTimeField()
    until = models.DateTimeField()
    barred_until = models.DateTimeField(null=True)  # we had to be silent until then
    at = models.DateTimeField()
    release_at = models.DateTimeField(null=True)
    handed_over_at = models.DateTimeField(null=True)
    dropped_at = models.DateTimeField(null=True)  # nothing was disclosed
    objection = EncryptedField(purpose="account", workspace=None, null=True)
    objected_at = models.DateTimeField(null=True)
    objected_by = models.UUIDField(null=True)
    answer = EncryptedField(purpose="account", workspace=None, null=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "privacy_disclosure_notice"
        constraints = [models.UniqueConstraint("disclosure_id", name="disclosure_told_once")]
        indexes = [models.Index("workspace_id", F("id").desc(), name="disclosure_notices")]

    def __str__(self) -> str:
        return ids.encode(ids.DISCLOSURE_NOTICE, self.id)

    @property
    def may_object(self) -> bool:
        """Whether an objection can still stop something."""
        return self.objected_at is None and self.handed_over_at is None and self.dropped_at is None


class DisclosureBar(models.Model):
    """A wish to be silent for longer, and who decided it; or an earlier end. Kept with its case.

    The table takes no longer silence without law, document and a second person, or beyond a year; its trigger on the
    case takes none that is not written here.
    """

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    workspace_id = models.UUIDField()
    disclosure_id = models.UUIDField()
    was_until = models.DateTimeField()  # the day in force when it was asked for
    until = models.DateTimeField()
    law = EncryptedField(purpose="account", workspace=None, null=True)
    document = EncryptedField(purpose="account", workspace=None, null=True)  # reference of the longer order
    asked_by = models.UUIDField()
    asked_at = models.DateTimeField()
    decided_by = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)
    agreed = models.BooleanField(null=True)

    class Meta:
        db_table = "privacy_disclosure_bar"
        constraints = [
            models.CheckConstraint(condition=Q(until__lte=F("asked_at") + SILENCE_MAX), name="bar_within_a_year"),
            models.CheckConstraint(
                condition=Q(until__lt=F("was_until")) | Q(law__isnull=False, document__isnull=False),
                name="bar_longer_is_named",
            ),
            models.CheckConstraint(
                condition=Q(until__lt=F("was_until"))
                | Q(agreed=None)
                | Q(agreed=False)
                | (Q(decided_by__isnull=False) & ~Q(decided_by=F("asked_by"))),
                name="bar_longer_by_two",
            ),
            models.UniqueConstraint("disclosure_id", condition=Q(decided_at=None), name="bar_asked_once"),
        ]
        indexes = [models.Index("disclosure_id", "id", name="bars_of_disclosure")]

    def __str__(self) -> str:
        return f"{self.was_until:%Y-%m-%d} to {self.until:%Y-%m-%d}"
