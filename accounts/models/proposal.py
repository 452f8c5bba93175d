"""Something that one member of the staff may not do alone: asked for by one, decided by another."""

import datetime as dt

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models.grant import Depth, Reason
from smsplatform.lib import ids
from smsplatform.lib.tenancy.models import workspace_key

WAITS = dt.timedelta(hours=24)


class Answer(models.TextChoices):
    """Where a proposal is; follows from its times."""

    OPEN = "open", _("Waits for a second person")
    AGREED = "agreed", _("Agreed")
    DECLINED = "declined", _("Declined")
    LAPSED = "lapsed", _("Nobody decided")


class StaffProposal(models.Model):
    """What is to be done, under which grant, and what the second person said. Decided once, never by who asked: a
    constraint and a trigger see to it (``sql/proposals.sql``).

    No foreign keys to people, grants and messages: it is evidence.
    """

    class Kind(models.TextChoices):
        EXPORT = "export", _("Export")
        REFUND = "refund", _("Refund")

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    workspace = models.ForeignKey("accounts.Workspace", on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=8, choices=Kind)
    grant_id = models.UUIDField()
    asked_by = models.UUIDField()
    category = models.CharField(max_length=24, choices=Reason)  # of the grant, whose reason stays with it
    ticket = models.CharField(max_length=40)
    level = models.PositiveSmallIntegerField(choices=Depth)
    subject = models.UUIDField(null=True)  # the message of a refund
    amount = models.BigIntegerField(null=True)  # of a refund, in micro-units
    currency = models.CharField(max_length=3, default="", blank=True)
    chosen = models.JSONField(default=dict)  # of an export: format, mode and days
    created_at = models.DateTimeField()
    decided_by = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)
    agreed = models.BooleanField(null=True)

    class Meta:
        db_table = "accounts_staff_proposal"
        constraints = [
            workspace_key("staff_proposal_workspace_id"),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("asked_by")), name="proposal_second_is_another"
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None, decided_at=None, agreed=None)
                | Q(decided_by__isnull=False, decided_at__isnull=False, agreed__isnull=False),
                name="proposal_decided_by_somebody",
            ),
        ]
        indexes = [
            models.Index("workspace", F("id").desc(), name="proposal_of_workspace"),
            models.Index("created_at", name="proposal_age"),
            models.Index("id", name="proposal_open", condition=Q(decided_at=None)),
        ]

    def __str__(self) -> str:
        return ids.encode(ids.PROPOSAL, self.id)

    @property
    def public_id(self) -> str:
        """As it stands in addresses."""
        return str(self)

    def answer(self, *, at: dt.datetime) -> Answer:
        """What became of it by ``at``."""
        if self.agreed is not None:
            return Answer.AGREED if self.agreed else Answer.DECLINED
        return Answer.OPEN if at < self.created_at + WAITS else Answer.LAPSED
