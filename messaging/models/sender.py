"""What a workspace sends: registered senders and templates."""

from django.db import models
from django.db.models import Q

from privacy.ciphers import EncryptedField
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy.models import workspace_key


class Sender(models.Model):
    """A source address the workspace may send from."""

    class Kind(models.TextChoices):
        ALPHANUMERIC = "alphanumeric", "Alphanumeric"
        NUMBER = "number", "Phone number"
        SHORT_CODE = "short_code", "Short code"

    class State(models.TextChoices):
        REVIEW = "review", "In review"
        APPROVED = "approved", "Approved"
        REJECTED = "rejected", "Rejected"

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    workspace = models.ForeignKey("accounts.Workspace", on_delete=models.CASCADE, related_name="senders")
    address = EncryptedField(purpose="account", workspace="workspace_id")
    address_idx = models.BinaryField(max_length=16)
    kind = models.CharField(max_length=12, choices=Kind)
    state = models.CharField(max_length=8, choices=State, default=State.REVIEW)
    is_default = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "messaging_sender"
        constraints = [
            workspace_key("sender_workspace_id"),
            models.UniqueConstraint(fields=["workspace", "address_idx"], name="sender_once"),
            models.UniqueConstraint(fields=["workspace"], condition=Q(is_default=True), name="sender_one_default"),
        ]

    def __str__(self) -> str:
        return ids.encode("snd", self.id)


class Template(models.Model):
    """A text with placeholders. With ``code_digits`` it carries a code that we make and never store."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    workspace = models.ForeignKey("accounts.Workspace", on_delete=models.CASCADE, related_name="templates")
    name = models.CharField(max_length=60)
    text = EncryptedField(purpose="account", workspace="workspace_id")
    code_digits = models.PositiveSmallIntegerField(default=0)  # 0: no code field
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "messaging_template"
        constraints = [
            workspace_key("template_workspace_id"),
            models.CheckConstraint(
                condition=Q(code_digits=0) | Q(code_digits__gte=4, code_digits__lte=10), name="template_code_digits"
            ),
        ]

    def __str__(self) -> str:
        return ids.encode("tpl", self.id)
