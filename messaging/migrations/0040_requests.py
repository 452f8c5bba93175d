from pathlib import Path

from django.db import migrations, models

REQUESTS = (Path(__file__).parent.parent / "sql" / "requests.sql").read_text()


class Migration(migrations.Migration):
    """Where a suppression came from, and an event for programs when somebody asks about their data."""

    dependencies = [("messaging", "0070_reviews"), ("privacy", "0040_requests")]

    operations = [
        migrations.AddField(
            model_name="suppression",
            name="source",
            field=models.CharField(
                choices=[("api", "API"), ("request", "The person's request"), ("keyword", "The person's answer")],
                db_default="api",
                default="api",
                max_length=7,
            ),
        ),
        migrations.RunSQL(REQUESTS, reverse_sql="DROP FUNCTION pipeline.emit_privacy_request"),
    ]
