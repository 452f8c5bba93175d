from django.db import models

from smsplatform.lib import clock, ids


class SetupHidden(models.Model):
    """Somebody does not want to see the first steps of a workspace any more."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    workspace = models.ForeignKey("accounts.Workspace", on_delete=models.CASCADE, related_name="+")
    user_id = models.UUIDField()
    at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "messaging_setup_hidden"
        constraints = [models.UniqueConstraint(fields=["workspace", "user_id"], name="setup_hidden_once")]

    def __str__(self) -> str:
        return f"hidden {self.at:%Y-%m-%d}"
