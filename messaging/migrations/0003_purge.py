from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).parent.parent / "sql" / "purge.sql").read_text()
DROP = """
DROP FUNCTION pipeline.purge_events(timestamptz, integer);
DROP FUNCTION pipeline.purge_deliveries(timestamptz, integer);
DROP FUNCTION pipeline.purge_orphans(timestamptz, integer);
DROP FUNCTION pipeline.purge_idempotency_keys(timestamptz, integer);
"""


class Migration(migrations.Migration):
    """Functions that delete what is over, in bounded batches."""

    dependencies = [("messaging", "0002_pipeline")]
    operations = [migrations.RunSQL(SQL, reverse_sql=DROP)]
