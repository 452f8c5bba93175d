from pathlib import Path

from django.db import migrations

WATCH = (Path(__file__).parent.parent / "sql" / "key_watch.sql").read_text()


class Migration(migrations.Migration):
    """Keys that are used from networks they are not bound to are noticed."""

    dependencies = [("messaging", "0097_restricted_deliveries")]
    operations = [
        migrations.RunSQL(
            WATCH, reverse_sql="DROP FUNCTION pipeline.tell_keys_elsewhere; DROP FUNCTION pipeline.keys_elsewhere"
        )
    ]
