from django.db import models
from django.db.models import Q
from django.db.models.functions import Least

from accounts.roles import Role
from privacy.ciphers import EncryptedField
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy.models import workspace_key


class Invitation(models.Model):
    """Somebody is asked into a workspace by e-mail. Of the link's token only the SHA-256 is kept.

    ``email_idx`` is the index people sign in by, so that the database can tell whether an account is the invited one.
    """

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    workspace = models.ForeignKey("accounts.Workspace", on_delete=models.CASCADE, related_name="invitations")
    email = EncryptedField(purpose="account", workspace="workspace_id")
    email_idx = models.BinaryField(max_length=16, editable=False)
    role = models.CharField(max_length=10, choices=Role)
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    created_at = models.DateTimeField(default=clock.now)
    created_by = models.UUIDField(null=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.UUIDField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "accounts_invitation"
        constraints = [
            workspace_key("invitation_workspace_id"),
            models.UniqueConstraint(
                fields=["workspace", "email_idx"],
                condition=Q(accepted_at=None, revoked_at=None),
                name="invitation_open_once",
            ),
        ]
        indexes = [models.Index(Least("expires_at", "accepted_at", "revoked_at"), name="invitation_over")]

    def __str__(self) -> str:
        return ids.encode("inv", self.id)
