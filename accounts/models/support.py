"""What customers ask support and what they are told: a thread for each question, an entry for each letter of it."""

import datetime as dt

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from privacy import profiles
from privacy.ciphers import EncryptedField
from smsplatform.lib import ids
from smsplatform.lib.tenancy.models import SameWorkspace, workspace_key


class Topic(models.TextChoices):
    """What a question is about: all that staff know of it before they have access. Values are stored."""

    DELIVERY = "delivery", _("Delivery of messages")
    SENDERS = "senders", _("Senders")
    BILLING = "billing", _("Balance and prices")
    API = "api", _("API and webhooks")
    ACCOUNT = "account", _("Signing in and the team")
    PRIVACY = "privacy", _("Privacy and security")
    OTHER = "other", _("Something else")


class SupportThreadQuerySet(models.QuerySet["SupportThread"]):
    """Threads within their retention."""

    def readable(self, *, at: dt.datetime) -> "SupportThreadQuerySet":
        """Those that are not over, even when the purge is late."""
        return self.filter(Q(resolved_at=None) | Q(resolved_at__gt=at - profiles.duration("retention.support")))


class SupportEntryQuerySet(models.QuerySet["SupportEntry"]):
    """Entries within the retention of their thread."""

    def readable(self, *, at: dt.datetime) -> "SupportEntryQuerySet":
        """Those whose thread is not over."""
        return self.filter(thread__in=SupportThread.objects.all().readable(at=at))


class SupportThread(models.Model):
    """A question to support, known by its number. ``accounts.support`` moves it from state to state.

    Words are sealed like numbers of people (``contacts``), so that neither the key ring nor the database opens them to
    staff below the level of identifiers.
    """

    class State(models.TextChoices):
        OPEN = "open", _("With support")
        WAITING = "waiting", _("Answered")
        RESOLVED = "resolved", _("Resolved")

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    workspace = models.ForeignKey("accounts.Workspace", on_delete=models.CASCADE, related_name="support_threads")
    # A hold may keep the thread of somebody who is erased.
    user = models.ForeignKey(
        "accounts.User", on_delete=models.CASCADE, related_name="support_threads", db_constraint=False
    )
    number = models.CharField(max_length=12, unique=True)  # accounts.tickets
    topic = models.CharField(max_length=10, choices=Topic)
    subject = EncryptedField(purpose="contacts", workspace="workspace_id")
    about = models.CharField(max_length=40, blank=True, default="")  # the public id of a message
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    opened_at = models.DateTimeField()
    last_at = models.DateTimeField()  # of the newest entry, and of the state it led to
    asked_at = models.DateTimeField(null=True)  # since when it is support's turn
    resolved_at = models.DateTimeField(null=True)
    assigned_to = models.UUIDField(null=True)  # a member of the staff

    objects = SupportThreadQuerySet.as_manager()

    class Meta:
        db_table = "accounts_support_thread"
        constraints = [
            workspace_key("support_thread_workspace_id"),
            models.CheckConstraint(
                condition=Q(state="resolved", resolved_at__isnull=False) | ~Q(state="resolved") & Q(resolved_at=None),
                name="support_resolved_has_time",
            ),
        ]
        indexes = [
            models.Index("workspace", F("id").desc(), name="support_of_workspace"),
            models.Index("resolved_at", condition=Q(resolved_at__isnull=False), name="support_resolved"),
            models.Index("last_at", condition=~Q(state="resolved"), name="support_unresolved"),
        ]

    def __str__(self) -> str:
        return self.number


class SupportEntry(models.Model):
    """One letter of a thread: of a person of the workspace (``user``), or of a member of the staff."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    workspace = models.ForeignKey("accounts.Workspace", on_delete=models.CASCADE, related_name="+")
    thread = models.ForeignKey(SupportThread, on_delete=models.CASCADE, related_name="entries", db_constraint=False)
    user = models.ForeignKey(
        "accounts.User", on_delete=models.CASCADE, null=True, related_name="+", db_constraint=False
    )
    staff_id = models.UUIDField(null=True)
    text = EncryptedField(purpose="contacts", workspace="workspace_id")
    at = models.DateTimeField()

    objects = SupportEntryQuerySet.as_manager()

    class Meta:
        db_table = "accounts_support_entry"
        constraints = [
            workspace_key("support_entry_workspace_id"),
            SameWorkspace(
                field="thread", to="accounts.SupportThread", name="support_entry_thread", on_delete="CASCADE"
            ),
            models.CheckConstraint(
                condition=Q(user=None, staff_id__isnull=False) | Q(user__isnull=False, staff_id=None),
                name="support_entry_has_one_author",
            ),
        ]
        indexes = [models.Index("workspace", F("id").desc(), name="support_entry_of_workspace")]

    def __str__(self) -> str:
        return ids.encode("sue", self.id)
