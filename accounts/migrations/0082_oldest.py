from pathlib import Path

from django.db import migrations, models
from django.db.models.functions import Coalesce, Least

OLDEST = (Path(__file__).parent.parent / "sql" / "oldest.sql").read_text()


class Migration(migrations.Migration):
    """When the oldest row of each unit is over: one look into an index."""

    dependencies = [("accounts", "0081_closing_wishes")]

    operations = [
        migrations.AddIndex(
            model_name="invitation",
            index=models.Index(Least("expires_at", "accepted_at", "revoked_at"), name="invitation_over"),
        ),
        migrations.AddIndex(
            model_name="joinrequest",
            index=models.Index(Coalesce("decided_at", "created_at"), name="join_request_over"),
        ),
        migrations.AddIndex(
            model_name="staffgrant",
            index=models.Index(Coalesce("expires_at", "created_at"), name="grant_over"),
        ),
        migrations.AddIndex(
            model_name="user",
            index=models.Index(
                models.F("created_at"),
                condition=models.Q(("email_confirmed_at", None), ("staff_role", "")),
                name="user_unconfirmed",
            ),
        ),
        migrations.RunSQL(OLDEST, reverse_sql="DROP FUNCTION access.oldest(text)"),
    ]
