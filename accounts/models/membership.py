from django.db import models

from accounts.roles import Role
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy.models import workspace_key


class Membership(models.Model):
    """What a person may do in one workspace."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    workspace = models.ForeignKey("accounts.Workspace", on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "accounts_membership"
        constraints = [
            workspace_key("membership_workspace_id"),
            models.UniqueConstraint(fields=["workspace", "user"], name="membership_once"),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.user_id}"
