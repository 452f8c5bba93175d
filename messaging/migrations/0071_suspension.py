from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"
READABLE = """
SET LOCAL ROLE sp_definer;
GRANT EXECUTE ON FUNCTION pipeline.readable_from TO sp_staff;
RESET ROLE;
"""


class Migration(migrations.Migration):
    """Accepting asks whether the operator stopped the workspace or the key. Staff read no longer than customers do."""

    dependencies = [("messaging", "0030_retention_units"), ("accounts", "0070_staff_access")]
    operations = [
        migrations.RunSQL("DROP FUNCTION pipeline.accept, pipeline.remember", reverse_sql=migrations.RunSQL.noop),
        migrations.RunSQL((SQL / "accept.sql").read_text(), reverse_sql=migrations.RunSQL.noop),
        migrations.RunSQL((SQL / "senders.sql").read_text(), reverse_sql=migrations.RunSQL.noop),
        migrations.RunSQL(READABLE, reverse_sql=migrations.RunSQL.noop),
    ]
