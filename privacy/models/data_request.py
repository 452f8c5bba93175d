"""What people ask about their data, how they proved who they are, and what each workspace was told of it."""

from django.db import models
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from privacy.ciphers import EncryptedField
from smsplatform.lib import ids


class Kind(models.TextChoices):
    """What can be asked for."""

    ACCESS = "access", _("A copy of my data")
    PORTABILITY = "portability", _("My data in a form for machines")
    RECTIFICATION = "rectification", _("Correct my data")
    ERASURE = "erasure", _("Erase my data")
    RESTRICTION = "restriction", _("Stop using my data while something is cleared up")
    OBJECTION = "objection", _("Send me no more texts")
    ANONYMISATION = "anonymisation", _("Make my data anonymous")
    OPT_OUT_OF_SALE = "opt_out_of_sale", _("Do not sell or share my data")
    LIMIT_SENSITIVE = "limit_sensitive", _("Limit the use of sensitive data")
    CONFIRMATION = "confirmation", _("Tell me whether you hold data about me")
    COMPLAINT = "complaint", _("A complaint")
    CHILD_ACCOUNT = "child_account", _("A child has an account here")
    INQUIRY = "inquiry", _("A question about privacy")


OBJECT = _("Object to a use of my data")


class About(models.TextChoices):
    """Who asks; the same words as ``privacy.people`` uses."""

    RECIPIENT = "recipient", _("I received a text")
    ACCOUNT_HOLDER = "account_holder", _("I have an account")
    TEAM_MEMBER = "team_member", _("I work in somebody's workspace")
    CONTACT = "contact", _("Somebody keeps me as a contact")
    VISITOR = "visitor", _("I only visited these pages")


class State(models.TextChoices):
    """Where a request is. What may follow what is in ``privacy.requests.states``."""

    RECEIVED = "received", _("Received")
    VERIFYING = "verifying", _("Waiting for your proof")
    VERIFIED = "verified", _("Being worked on")
    FORWARDED = "forwarded", _("With those who decide about your data")
    PLANNED = "planned", _("Waiting for your word")
    APPROVED = "approved", _("Approved")
    EXECUTING = "executing", _("Being carried out")
    DELIVERED = "delivered", _("Done")
    PARTLY_REFUSED = "partly_refused", _("Done in part")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    LAPSED = "lapsed", _("Lapsed: never proved")


class DataRequest(models.Model):
    """One request. Identity and words are sealed with the platform's keys and cleared some time after its end."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    kind = models.CharField(max_length=16, choices=Kind)
    about = models.CharField(max_length=14, choices=About)
    state = models.CharField(max_length=14, choices=State, default=State.RECEIVED)
    proof = models.CharField(
        max_length=7, default="", blank=True
    )  # session, mail, phone, wallet, cookie, gpc; empty: none
    identity = EncryptedField(purpose="account", workspace=None, null=True)  # a number, an address, a wallet
    identity_idx = models.BinaryField(max_length=16, null=True, editable=False)
    user_id = models.UUIDField(null=True)  # who asked from inside their account
    residence = models.CharField(max_length=5, default="", blank=True)  # ISO 3166, of the US also the state
    law = models.CharField(max_length=8, default="", blank=True)  # code of privacy.requests.deadlines
    field = models.CharField(max_length=60, default="", blank=True)  # what is to be corrected: a label of the registry
    value = EncryptedField(purpose="account", workspace=None, null=True)  # what it should be
    activity = models.CharField(max_length=24, default="", blank=True)  # what is objected to: a key of the registry
    consent_id = models.UUIDField(null=True)  # the record of a visitor's decisions
    words = EncryptedField(purpose="account", workspace=None, null=True)  # of the person
    answer = EncryptedField(purpose="account", workspace=None, null=True)  # of the desk: why later, why not, or what
    reason = models.CharField(max_length=24, default="", blank=True)  # code of a refusal or an answer
    locale = models.CharField(max_length=8, default="", blank=True)
    received_at = models.DateTimeField()
    verified_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField()
    extended_at = models.DateTimeField(null=True)  # when the person was told that it takes longer
    reminded = models.PositiveSmallIntegerField(default=0)  # reminders sent so far
    closed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "privacy_data_request"
        indexes = [
            models.Index("due_at", name="request_open", condition=Q(closed_at=None)),
            models.Index("identity_idx", name="request_identity", condition=Q(identity_idx__isnull=False)),
            models.Index("user_id", name="request_user", condition=Q(user_id__isnull=False)),
            models.Index("consent_id", name="request_consent", condition=Q(consent_id__isnull=False)),
            models.Index("closed_at", name="request_closed", condition=Q(closed_at__isnull=False)),
            models.Index(
                "closed_at",
                name="request_words",
                condition=(
                    Q(identity_idx__isnull=False)
                    | Q(words__isnull=False)
                    | Q(answer__isnull=False)
                    | Q(value__isnull=False)
                ),
            ),
        ]

    def __str__(self) -> str:
        return ids.encode(ids.DATA_REQUEST, self.id)

    @property
    def title(self) -> "str | Promise":
        """What was asked for, in the words of a page: only who was texted objects to texts."""
        texted = self.about in (About.RECIPIENT, About.CONTACT)
        return OBJECT if self.kind == Kind.OBJECTION and not texted else Kind(self.kind).label


class DataRequestStep(models.Model):
    """A request went from one state to another, or something was noted about it. Shown to the person."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    request = models.ForeignKey(DataRequest, on_delete=models.CASCADE, related_name="steps")
    state = models.CharField(max_length=14, choices=State)
    by = models.CharField(max_length=9)  # person, staff, workspace, platform
    actor_id = models.UUIDField(null=True)
    note = models.CharField(max_length=24, default="", blank=True)  # a code
    at = models.DateTimeField()

    class Meta:
        db_table = "privacy_data_request_step"

    def __str__(self) -> str:
        return self.state


class IdentityProof(models.Model):
    """Somebody shows that a number, an address or a wallet is theirs. Of code and link only a keyed hash is kept.

    ``ordinal`` counts the codes of an identity on a day; without one nothing was sent, and nothing can be right.
    """

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    kind = models.CharField(max_length=7)  # mail, phone, wallet
    identity = EncryptedField(purpose="account", workspace=None)
    identity_idx = models.BinaryField(max_length=16, editable=False)
    on = models.DateField()
    ordinal = models.PositiveSmallIntegerField(null=True)
    digest = models.BinaryField(max_length=32, null=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0)
    about = models.CharField(max_length=14, choices=About)
    locale = models.CharField(max_length=8, default="", blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    verified_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "privacy_identity_proof"
        constraints = [
            models.UniqueConstraint(fields=["identity_idx", "on", "ordinal"], name="proof_ordinal"),
            models.CheckConstraint(condition=Q(ordinal=None) | Q(ordinal__range=(1, 3)), name="proof_three_a_day"),
        ]

    def __str__(self) -> str:
        return self.kind


class RequestTicket(models.Model):
    """A workspace is told of a request about its data, which it decides as controller."""

    class State(models.TextChoices):
        OPEN = "open", _("To decide")
        ACCEPTED = "accepted", _("Being carried out")
        DONE = "done", _("Done")
        REFUSED = "refused", _("Refused")
        CLOSED = "closed", _("Withdrawn")

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    workspace_id = models.UUIDField()
    request_id = models.UUIDField()
    kind = models.CharField(max_length=16, choices=Kind)
    msisdn = EncryptedField(purpose="contacts", workspace="workspace_id", null=True)
    msisdn_idx = models.BinaryField(max_length=16, null=True, editable=False)
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    automatic = models.BooleanField(default=False)
    words = EncryptedField(purpose="contacts", workspace="workspace_id", null=True)  # of the person
    reason = EncryptedField(purpose="contacts", workspace="workspace_id", null=True)  # of a refusal
    due_at = models.DateTimeField()
    reminded = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.UUIDField(null=True)

    class Meta:
        db_table = "privacy_request_ticket"
        constraints = [
            models.UniqueConstraint(fields=["workspace_id", "request_id"], name="ticket_once"),
        ]
        indexes = [
            models.Index("workspace_id", models.F("id").desc(), name="ticket_list"),
            models.Index("request_id", name="ticket_request"),
            models.Index("workspace_id", "msisdn_idx", name="ticket_number"),
            models.Index("due_at", name="ticket_due"),
            models.Index("due_at", name="ticket_open", condition=Q(state="open")),
            models.Index(fields=["workspace_id", "due_at"], name="ticket_waiting", condition=Q(state="open")),
            models.Index("decided_at", name="ticket_accepted", condition=Q(state="accepted")),
        ]

    def __str__(self) -> str:
        return ids.encode(ids.TICKET, self.id)


class RequestSettings(models.Model):
    """Which requests a workspace lets the platform fulfil without asking; no row: objections only."""

    workspace_id = models.UUIDField(primary_key=True)
    objection = models.BooleanField(default=True)
    restriction = models.BooleanField(default=True)
    access = models.BooleanField(default=False)
    erasure = models.BooleanField(default=False)

    class Meta:
        db_table = "privacy_request_settings"

    def __str__(self) -> str:
        return "requests"
