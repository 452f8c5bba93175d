from pathlib import Path

from django.db import migrations, models

OPERATION = (Path(__file__).parent.parent / "sql" / "operation.sql").read_text()
UNDO = """
DROP FUNCTION pipeline.queue_depths, pipeline.submissions, pipeline.exhausted_deliveries, pipeline.retry_exhausted,
    pipeline.stuck_messages, pipeline.failed_exports, pipeline.retry_export;
REVOKE UPDATE (enabled) ON messaging_carrier, messaging_route FROM sp_system;
"""


class Migration(migrations.Migration):
    """What operators see of the pipeline and may do to it, without anything of customers."""

    dependencies = [("messaging", "0040_requests")]
    operations = [
        migrations.AddField("route", "enabled", models.BooleanField(default=True, db_default=True)),
        migrations.AddIndex(
            "delivery",
            models.Index("id", name="delivery_given_up", condition=models.Q(state="exhausted")),
        ),
        migrations.RunSQL(OPERATION, reverse_sql=UNDO),
    ]
