from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).parent.parent / "sql" / "incidents.sql").read_text()


class Migration(migrations.Migration):
    """Whether people have been written to about an incident."""

    dependencies = [("accounts", "0015_promises")]
    operations = [migrations.RunSQL(SQL, reverse_sql="DROP FUNCTION access.incident_mails_waiting(text[])")]
