from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).parent.parent / "sql"
REMINDING = (SQL / "reminding.sql").read_text()
UNDO = (
    "DROP FUNCTION privacy.tickets_to_remind(timestamptz, integer); "
    "DROP FUNCTION privacy.reminders_due(timestamptz, timestamptz, timestamptz)"
)


class Migration(migrations.Migration):
    """Workspaces are reminded of tickets as often as the desk is of requests, and see on each page what waits."""

    dependencies = [("privacy", "0090_windows_lead_to_nobody")]

    operations = [
        migrations.AddIndex(
            model_name="requestticket",
            index=models.Index(
                fields=["workspace_id", "due_at"], condition=models.Q(("state", "open")), name="ticket_waiting"
            ),
        ),
        migrations.RunSQL(REMINDING, reverse_sql=UNDO),
    ]
