"""A list on its way into a file: what was asked for, how far it is, and the sealed pieces made so far."""

from django.db import models
from django.db.models import Q

from privacy.ciphers import EncryptedField
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy.models import SameWorkspace, workspace_key


class Export(models.Model):
    """One file, made piece by piece. ``cursor`` is where the next piece begins; None before the first.

    One that staff asked for has a ``level`` and the proposal to which a second person agreed; the database refuses it
    otherwise (``sql/staff_exports.sql``).
    """

    class Kind(models.TextChoices):
        MESSAGES = "messages", "Messages"
        MASKED = "masked", "Messages, numbers masked"
        CONTENT = "content", "Messages with their texts"

    class Format(models.TextChoices):
        CSV = "csv", "CSV"
        JSON = "json", "JSON"
        JSONL = "jsonl", "JSON lines"

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        EXPIRED = "expired", "Expired"

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    workspace = models.ForeignKey("accounts.Workspace", on_delete=models.CASCADE, related_name="exports")
    requested_by = models.UUIDField()
    kind = models.CharField(max_length=12, choices=Kind)
    filter = EncryptedField(purpose="contacts", workspace="workspace_id", null=True)  # JSON; may name a number
    format = models.CharField(max_length=5, choices=Format)
    state = models.CharField(max_length=7, choices=State, default=State.QUEUED)
    cursor = models.UUIDField(null=True)
    pieces = models.PositiveIntegerField(default=0)
    rows_done = models.PositiveIntegerField(default=0)  # written
    rows_read = models.PositiveIntegerField(default=0)  # looked at, of ``rows_estimated``
    rows_estimated = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=40, default="", blank=True)
    created_at = models.DateTimeField(default=clock.now)
    touched_at = models.DateTimeField(default=clock.now)  # when a piece was last made
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()
    level = models.PositiveSmallIntegerField(default=0)  # of staff; 0: asked for by the workspace itself
    proposal_id = models.UUIDField(null=True)
    downloads_left = models.PositiveSmallIntegerField(null=True)  # None: as often as one likes

    class Meta:
        db_table = "messaging_export"
        indexes = [
            models.Index("workspace", models.F("id").desc(), name="export_list"),
            models.Index("touched_at", name="export_open", condition=Q(state__in=["queued", "running"])),
            models.Index("expires_at", name="export_expiry", condition=~Q(state="expired")),
        ]
        constraints = [
            workspace_key("export_workspace_id"),
            models.UniqueConstraint(fields=["proposal_id"], name="export_of_proposal_once"),
        ]

    def __str__(self) -> str:
        return ids.encode("exp", self.id)


class ExportPiece(models.Model):
    """A part of the file, in order."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    workspace = models.ForeignKey("accounts.Workspace", on_delete=models.CASCADE, related_name="+")
    export = models.ForeignKey(Export, on_delete=models.CASCADE, db_constraint=False, related_name="+")
    number = models.PositiveIntegerField()
    content = EncryptedField(purpose="contacts", workspace="workspace_id", null=True)
    masked = EncryptedField(purpose="account", workspace="workspace_id", null=True)  # instead, where it names nobody
    level = models.PositiveSmallIntegerField(default=0)  # of the export

    class Meta:
        db_table = "messaging_export_piece"
        constraints = [
            models.UniqueConstraint(fields=["export", "number"], name="export_piece_once"),
            SameWorkspace(
                field="export", to="messaging.Export", name="export_piece_export", on_delete="CASCADE"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"piece {self.number}"
