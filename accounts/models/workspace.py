from django.db import models
from django.utils.translation import gettext_lazy as _

from privacy.ciphers import EncryptedField
from smsplatform.lib import clock, ids


class Receipts(models.TextChoices):
    """Which delivery receipts a workspace wants to be told by webhook."""

    ALL = "all", _("All: delivered, failed, and what happens in between")
    FAILURES = "failures", _("Failures only: undelivered, failed, rejected, expired")


class Workspace(models.Model):
    """The tenant: one customer's messages, keys, money and people, apart from all others.

    Closing: from ``closed_at`` on nobody enters it and its keys are refused; until ``erase_at`` an owner may take that
    back; ``erased_at`` says that its data is gone and this row is only the name of an account in the books.
    """

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    name = models.CharField(max_length=80)
    currency = models.CharField(max_length=3, default="EUR")
    time_zone = models.CharField(max_length=40, default="UTC")
    # Both only ever shorter than the policy; None is what the policy says.
    body_hours = models.PositiveSmallIntegerField(null=True)
    metadata_days = models.PositiveSmallIntegerField(null=True)
    price_plan_id = models.UUIDField()
    sends_max = models.PositiveIntegerField(default=5000)  # messages per second, all keys together
    receipts = models.CharField(max_length=8, choices=Receipts, default=Receipts.ALL)
    require_second_factor = models.BooleanField(default=False)  # enforced by accounts.access
    company = EncryptedField(purpose="account", workspace="id", null=True)
    contact_name = EncryptedField(purpose="account", workspace="id", null=True)
    contact_email = EncryptedField(purpose="account", workspace="id", null=True)
    contact_phone = EncryptedField(purpose="account", workspace="id", null=True)
    staff_approval = models.BooleanField(default=False)  # staff may look only when somebody here agrees
    suspended_at = models.DateTimeField(null=True)  # by the operator: nothing is accepted until it is lifted
    suspended_for = models.CharField(max_length=24, default="", blank=True)  # a code of accounts.suspending
    join_token = EncryptedField(purpose="secrets", workspace="id", null=True)  # of the join link, while it is on
    join_digest = models.BinaryField(max_length=32, null=True, unique=True, editable=False)
    created_at = models.DateTimeField(default=clock.now)
    closed_at = models.DateTimeField(null=True)
    erase_at = models.DateTimeField(null=True)
    erased_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "accounts_workspace"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(body_hours=None) | models.Q(body_hours__gte=1), name="workspace_body_hours_least"
            ),
            models.CheckConstraint(
                condition=models.Q(metadata_days=None) | models.Q(metadata_days__gte=7),
                name="workspace_metadata_days_least",
            ),
            models.CheckConstraint(
                condition=models.Q(erase_at=None) | models.Q(closed_at__isnull=False), name="workspace_closed_first"
            ),
        ]

    def __str__(self) -> str:
        return ids.encode("wsp", self.id)
