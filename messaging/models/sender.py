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
        DRAFT = "draft", "Draft"
        REVIEW = "review", "In review"
        APPROVED = "approved", "Approved"
        REJECTED = "rejected", "Rejected"
        WITHDRAWN = "withdrawn", "Withdrawn"

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    workspace = models.ForeignKey("accounts.Workspace", on_delete=models.CASCADE, related_name="senders")
    address = EncryptedField(purpose="account", workspace="workspace_id")
    address_idx = models.BinaryField(max_length=16)
    kind = models.CharField(max_length=12, choices=Kind)
    state = models.CharField(max_length=9, choices=State, default=State.REVIEW)
    purpose = EncryptedField(purpose="account", workspace="workspace_id", null=True)  # for the review, in own words
    example = EncryptedField(purpose="account", workspace="workspace_id", null=True)
    reason = EncryptedField(purpose="account", workspace="workspace_id", null=True)  # of a rejection
    decided_at = models.DateTimeField(null=True)
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

    def is_usable(self, *, livemode: bool) -> bool:
        """Whether messages may go out under this name: live after approval, in test mode from the beginning.

        ``pipeline.accept`` asks the same of the row.
        """
        return self.state == self.State.APPROVED or (not livemode and self.state in _IN_TEST)


_IN_TEST = (Sender.State.DRAFT, Sender.State.REVIEW)


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
