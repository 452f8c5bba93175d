from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from smsplatform.lib import ids
from smsplatform.lib.tenancy.models import workspace_key


class Category(models.TextChoices):
    """What people are told about. They choose for each whether by mail, on the page, or not at all."""

    SECURITY = "security", _("Security of your account")
    BILLING = "billing", _("Balance and payments")
    DELIVERY = "delivery", _("Delivery problems")
    WEBHOOKS = "webhooks", _("Webhook endpoints switched off")
    TEAM = "team", _("People of the workspace")
    PRIVACY = "privacy", _("Requests of people about their data")
    SUPPORT = "support", _("Answers of support")
    PRODUCT = "product", _("News about the product")


class Notification(models.Model):
    """Something one person of a workspace is told. ``mail_due_at`` is when its mail is due, and null when none is."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    workspace = models.ForeignKey("accounts.Workspace", on_delete=models.CASCADE, related_name="notifications")
    user_id = models.UUIDField()
    kind = models.CharField(max_length=24)  # accounts.notifications.KINDS
    params = models.JSONField(default=dict)  # ids and short codes only
    shown = models.BooleanField(default=True)  # on the page
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    mail_due_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "accounts_notification"
        constraints = [workspace_key("notification_workspace_id")]
        indexes = [
            models.Index("workspace", "user_id", models.F("id").desc(), name="notification_list"),
            models.Index("workspace", "user_id", condition=Q(read_at=None, shown=True), name="notification_unread"),
            models.Index("mail_due_at", condition=Q(mail_due_at__isnull=False), name="notification_mail"),
            models.Index("at", name="notification_at"),
        ]

    def __str__(self) -> str:
        return ids.encode("ntf", self.id)


class NotificationChoice(models.Model):
    """How somebody wants to hear of a category. Without a row: by mail and on the page, of the product not at all."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="notification_choices")
    category = models.CharField(max_length=10, choices=Category)
    by_mail = models.BooleanField()
    on_page = models.BooleanField()

    class Meta:
        db_table = "accounts_notification_choice"
        constraints = [models.UniqueConstraint(fields=["user", "category"], name="notification_choice_once")]

    def __str__(self) -> str:
        return self.category
