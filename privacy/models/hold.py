import datetime as dt

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from privacy.ciphers import EncryptedField
from smsplatform.lib import ids

REVIEW_MAX = dt.timedelta(days=90)
WINDOW_MAX = dt.timedelta(days=30)


class Hold(models.Model):
    """A case because of which data of a workspace is kept beyond its time: for its units only, and until released.

    It never ends by itself: past its review it stands, is red, and somebody is reminded every week.

    Staff see that there is one and why; nobody sees what it keeps without a grant or an order.
    """

    class Basis(models.TextChoices):
        INVESTIGATION = "investigation", _("Investigation of fraud or abuse")
        LEGAL_ORDER = "legal_order", _("Lawful order")

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    workspace_id = models.UUIDField()
    basis = models.CharField(max_length=13, choices=Basis)
    units = ArrayField(models.CharField(max_length=40))
    message_ids = ArrayField(models.UUIDField(), default=list)  # empty: all of the workspace
    document = EncryptedField(purpose="account", workspace=None, null=True)  # reference of the order
    reason = EncryptedField(purpose="account", workspace=None)
    owner_id = models.UUIDField()
    opened_at = models.DateTimeField()
    reviewed_at = models.DateTimeField()
    review_at = models.DateTimeField()
    reminded = models.PositiveSmallIntegerField(default=0)  # how often since the last review
    released_at = models.DateTimeField(null=True)
    released_by = models.UUIDField(null=True)
    release_reason = EncryptedField(purpose="account", workspace=None, null=True)
    kept_until_id = models.UUIDField(null=True)  # texts of messages up to here are in safety

    class Meta:
        db_table = "privacy_hold"
        constraints = [
            models.CheckConstraint(condition=Q(review_at__lte=F("reviewed_at") + REVIEW_MAX), name="hold_reviewed"),
            models.CheckConstraint(
                condition=~Q(basis="legal_order") | Q(document__isnull=False), name="hold_order_named"
            ),
        ]
        indexes = [
            models.Index("workspace_id", name="hold_standing", condition=Q(released_at=None)),
            models.Index("workspace_id", "released_at", name="hold_released", condition=Q(released_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return ids.encode("hld", self.id)


class DebugWindow(models.Model):
    """A workspace keeps the texts it sends meanwhile until ``ends_at``, to look for a fault. It ends by itself."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    workspace_id = models.UUIDField()
    opened_by = models.UUIDField()
    opened_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)  # ended before its time
    kept_until_id = models.UUIDField(null=True)

    class Meta:
        db_table = "privacy_window"
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("opened_at")) & Q(ends_at__lte=F("opened_at") + WINDOW_MAX),
                name="window_bounded",
            )
        ]
        indexes = [
            models.Index("workspace_id", "ends_at", name="window_open"),
            models.Index("opened_at", name="window_opened"),
        ]

    def __str__(self) -> str:
        return ids.encode("dbw", self.id)
