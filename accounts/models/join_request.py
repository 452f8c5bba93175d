from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce

from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy.models import workspace_key


class JoinRequest(models.Model):
    """A person who came by the join link asks to be let in. No foreign key: their account may go before the answer."""

    class State(models.TextChoices):
        PENDING = "pending", "Pending"
        ACCEPTED = "accepted", "Accepted"
        REFUSED = "refused", "Refused"

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    workspace = models.ForeignKey("accounts.Workspace", on_delete=models.CASCADE, related_name="join_requests")
    user_id = models.UUIDField()
    state = models.CharField(max_length=8, choices=State, default=State.PENDING)
    created_at = models.DateTimeField(default=clock.now)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.UUIDField(null=True)

    class Meta:
        db_table = "accounts_join_request"
        constraints = [
            workspace_key("join_request_workspace_id"),
            models.UniqueConstraint(
                fields=["workspace", "user_id"], condition=Q(state="pending"), name="join_request_pending_once"
            ),
        ]
        indexes = [models.Index(Coalesce("decided_at", "created_at"), name="join_request_over")]

    def __str__(self) -> str:
        return ids.encode("jnr", self.id)
