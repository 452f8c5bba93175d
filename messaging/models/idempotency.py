from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.fields.composite import CompositePrimaryKey


class IdempotencyKey(models.Model):
    """What an ``Idempotency-Key`` was used for: a fingerprint and the ids it made, never the answer's text."""

    pk = CompositePrimaryKey("workspace_id", "key_id", "digest")
    workspace = models.ForeignKey("accounts.Workspace", on_delete=models.CASCADE, related_name="+")
    key_id = models.UUIDField()  # the API key, or the user on a page
    digest = models.BinaryField(max_length=32)  # SHA-256 of path and key
    fingerprint = models.BinaryField(max_length=32)  # SHA-256 of the request
    message_ids = ArrayField(models.UUIDField(null=True))  # null where that item was refused
    outcomes = ArrayField(models.CharField(max_length=40))
    expires_at = models.DateTimeField()

    class Meta:
        db_table = "messaging_idempotency_key"
        indexes = [models.Index("expires_at", name="idempotency_expiry")]

    def __str__(self) -> str:
        return "idempotency key"
