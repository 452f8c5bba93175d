from django.db import models
from django.utils.translation import gettext_lazy as _

from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy.models import workspace_key


class ClosingWish(models.Model):
    """An owner asked to close the workspace. Nothing changes until the link in their mailbox confirms it.

    No foreign key to the person: they may go first, and then nobody can confirm.
    """

    class When(models.TextChoices):
        GRACE = "grace", _("After the time of grace")
        COOL_OFF = "cool_off", _("After a time to think")
        NOW = "now", _("Now")

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    workspace = models.OneToOneField("accounts.Workspace", on_delete=models.CASCADE, related_name="closing_wish")
    asked_by = models.UUIDField()
    when = models.CharField(max_length=8, choices=When)
    asked_at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "accounts_closing_wish"
        constraints = [workspace_key("closing_wish_workspace_id")]
        indexes = [models.Index("asked_at", name="closing_wish_asked")]

    def __str__(self) -> str:
        return str(self.id)
