from pathlib import Path

from django.db import migrations, models

CARRYING_OUT = (Path(__file__).parent.parent / "sql" / "carrying_out.sql").read_text()


class Migration(migrations.Migration):
    """What workspaces agreed to is carried out by a worker."""

    dependencies = [("privacy", "0030_holds")]

    operations = [
        migrations.AlterField(
            model_name="requestticket",
            name="state",
            field=models.CharField(
                choices=[
                    ("open", "To decide"),
                    ("accepted", "Being carried out"),
                    ("done", "Done"),
                    ("refused", "Refused"),
                    ("closed", "Withdrawn"),
                ],
                default="open",
                max_length=8,
            ),
        ),
        migrations.AddIndex(
            model_name="requestticket",
            index=models.Index(
                models.F("decided_at"), condition=models.Q(("state", "accepted")), name="ticket_accepted"
            ),
        ),
        migrations.RunSQL(CARRYING_OUT, reverse_sql="DROP FUNCTION privacy.tickets_accepted(integer)"),
    ]
