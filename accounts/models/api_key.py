from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.roles import Scope
from smsplatform.lib import clock, ids
from smsplatform.lib.api import versions
from smsplatform.lib.tenancy.models import workspace_key


class ApiKey(models.Model):
    """A secret a program signs requests with. Only its SHA-256 is kept: the secret has 256 random bits."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    workspace = models.ForeignKey("accounts.Workspace", on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=60)
    livemode = models.BooleanField()
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    last4 = models.CharField(max_length=4)
    # After a rotation the former secret stays good for a while, so that nobody has to change two places at one moment.
    former_digest = models.BinaryField(max_length=32, unique=True, null=True, editable=False)
    former_expires_at = models.DateTimeField(null=True)
    scopes = ArrayField(models.CharField(max_length=24, choices=Scope), default=list)
    ip_ranges = ArrayField(models.CharField(max_length=43), default=list, blank=True)
    rate_max = models.PositiveIntegerField(default=2000)  # messages per second
    day_max = models.PositiveIntegerField(null=True)  # messages per day
    money_max = models.PositiveBigIntegerField(null=True)  # micro-units per day
    sender_ids = ArrayField(models.UUIDField(), default=list, blank=True)  # empty: any sender of the workspace
    countries = ArrayField(models.CharField(max_length=2), default=list, blank=True)  # empty: any country
    api_version = models.CharField(max_length=10, default=versions.newest)  # of answers, unless a request names another
    created_at = models.DateTimeField(default=clock.now)
    created_by = models.UUIDField(null=True)
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    suspended_at = models.DateTimeField(null=True)  # by the operator, who can lift it; revoking is for good
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "accounts_api_key"
        constraints = [workspace_key("api_key_workspace_id")]

    def __str__(self) -> str:
        return ids.encode("key", self.id)

    @property
    def prefix(self) -> str:
        """The part of the secret that says what it is."""
        return "sk_live_" if self.livemode else "sk_test_"
