"""A staff member's leave to look into one workspace: why, how deep, and until when."""

import datetime as dt

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from privacy import silence
from smsplatform.lib import ids
from smsplatform.lib.tenancy.staff import Level

HOURS_MAX = dt.timedelta(hours=4)
BREAK_GLASS = dt.timedelta(minutes=15)
REVIEW_WITHIN = dt.timedelta(hours=48)
REASON_MIN = 15


class Reason(models.TextChoices):
    """Why staff look: the five of Google's Access Transparency, and three of our trade. Values are stored."""

    CUSTOMER_SUPPORT = "customer_support", _("Customer support")
    SERVICE_OPERATION = "service_operation", _("Operating the service")
    SECURITY_OR_ABUSE_REVIEW = "security_or_abuse_review", _("Security or abuse review")
    LEGAL_PROCESS = "legal_process", _("Legal process")
    PRODUCTION_ALERT = "production_alert", _("Production alert")
    CARRIER_COMPLAINT = "carrier_complaint", _("Complaint of a carrier")
    DATA_REQUEST = "data_request", _("Request about personal data")
    BILLING_DISPUTE = "billing_dispute", _("Billing dispute")


class Depth(models.IntegerChoices):
    """The levels of a grant, in words."""

    METADATA = Level.METADATA.value, _("Metadata, numbers masked")
    IDENTIFIERS = Level.IDENTIFIERS.value, _("Identifiers: numbers and addresses")
    CONTENT = Level.CONTENT.value, _("Content: what was said")


class State(models.TextChoices):
    """Where a grant is; follows from its times."""

    WAITING = "waiting", _("Waits for the workspace")
    ACTIVE = "active", _("Active")
    REFUSED = "refused", _("Refused")
    ENDED = "ended", _("Ended early")
    OVER = "over", _("Over")


class GrantQuerySet(models.QuerySet["StaffGrant"]):
    def readable(self, *, at: dt.datetime) -> "GrantQuerySet":
        """Without what the law forbids to tell the workspace at ``at``."""
        return self.filter(silence.told(at))


class StaffGrant(models.Model):
    """One workspace, one staff member, one reason. The database refuses to lengthen one, to change what it is for,
    to raise it by more than a step, and content without a second person (``sql/grants.sql``).

    No foreign keys to people: it is evidence.
    """

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    workspace = models.ForeignKey("accounts.Workspace", on_delete=models.CASCADE, related_name="+")
    staff_id = models.UUIDField()
    category = models.CharField(max_length=24, choices=Reason)
    reason = models.CharField(max_length=500)
    ticket = models.CharField(max_length=40)
    level = models.PositiveSmallIntegerField(choices=Depth, default=Depth.METADATA)
    minutes = models.PositiveSmallIntegerField()
    break_glass = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    starts_at = models.DateTimeField(null=True)  # null while it waits for the workspace's own approval
    expires_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    customer_asked = models.BooleanField(default=False)
    customer_by = models.UUIDField(null=True)
    refused_at = models.DateTimeField(null=True)
    content_asked_at = models.DateTimeField(null=True)
    approved_by = models.UUIDField(null=True)  # the second person, for content and exports
    approved_at = models.DateTimeField(null=True)
    reviewed_by = models.UUIDField(null=True)  # of a break-glass
    reviewed_at = models.DateTimeField(null=True)
    withheld_until = models.DateTimeField(null=True)  # hidden from the workspace, where a law demands it

    objects = GrantQuerySet.as_manager()

    class Meta:
        db_table = "accounts_staff_grant"
        constraints = [
            models.CheckConstraint(
                condition=Q(reason__regex=rf"^(\s*\S){{{REASON_MIN}}}"), name="grant_reason_says_something"
            ),
            models.CheckConstraint(condition=Q(minutes__gte=1, minutes__lte=240), name="grant_four_hours_at_most"),
            models.CheckConstraint(
                condition=Q(expires_at=None) | Q(expires_at__lte=F("starts_at") + HOURS_MAX), name="grant_ends"
            ),
            models.CheckConstraint(
                condition=Q(break_glass=False) | Q(minutes__lte=15), name="grant_break_glass_is_short"
            ),
            models.CheckConstraint(
                condition=Q(level__lte=2) | Q(break_glass=True) | Q(approved_by__isnull=False),
                name="grant_content_needs_two",
            ),
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("staff_id")), name="grant_second_is_another"
            ),
            models.CheckConstraint(
                condition=Q(reviewed_by=None) | ~Q(reviewed_by=F("staff_id")), name="grant_reviewer_is_another"
            ),
            models.CheckConstraint(
                condition=Q(starts_at=None) | Q(customer_asked=False) | Q(customer_by__isnull=False),
                name="grant_waits_for_workspace",
            ),
        ]
        indexes = [
            models.Index("staff_id", F("id").desc(), name="grant_of_staff"),
            models.Index("workspace", F("id").desc(), name="grant_of_workspace"),
            models.Index(Coalesce("expires_at", "created_at"), name="grant_over"),
        ]

    def __str__(self) -> str:
        return ids.encode(ids.GRANT, self.id)

    @property
    def public_id(self) -> str:
        """As it stands in addresses."""
        return str(self)

    def state(self, *, at: dt.datetime) -> State:
        """What it is worth at ``at``."""
        if self.refused_at is not None:
            return State.REFUSED
        if self.ended_at is not None:
            return State.ENDED
        if self.starts_at is None or self.expires_at is None:
            return State.WAITING if at < self.created_at + HOURS_MAX else State.OVER
        return State.ACTIVE if at < self.expires_at else State.OVER

    def owes_review(self) -> bool:
        """Whether it was opened without anybody else, and nobody has looked into it since."""
        return self.break_glass and self.reviewed_at is None
