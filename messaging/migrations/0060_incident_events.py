from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).parent.parent / "sql" / "incidents.sql").read_text()
UNDO = """
DROP FUNCTION pipeline.tell_endpoints(text, uuid, text, timestamptz);
DROP FUNCTION pipeline.deliveries_of_events(uuid[]);
"""


class Migration(migrations.Migration):
    """Endpoints hear of security incidents."""

    dependencies = [("messaging", "0080_operation")]
    operations = [migrations.RunSQL(SQL, reverse_sql=UNDO)]
