from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql" / "backlog.sql"


class Migration(migrations.Migration):
    """How late the queues are, for the health endpoints. A migration of its own, since it reads messaging's tables."""

    dependencies = [("smsplatform", "0001_tenancy"), ("messaging", "0003_purge")]
    operations = [
        migrations.RunSQL(SQL.read_text(), reverse_sql="DROP FUNCTION pipeline.backlog(timestamptz)"),
    ]
