from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).parent.parent / "sql" / "incidents.sql").read_text()

UNDO = """
DROP FUNCTION access.incident_mails_waiting(text[]);
DROP FUNCTION access.revoke_keys_of(uuid[], timestamptz);
DROP FUNCTION access.valid_keys_of(uuid[]);
DROP FUNCTION access.people_of(uuid[]);
"""


class Migration(migrations.Migration):
    """Accesses taken away after an incident, and whether people have been written to."""

    dependencies = [("accounts", "0040_privacy_scopes")]
    operations = [migrations.RunSQL(SQL, reverse_sql=UNDO)]
