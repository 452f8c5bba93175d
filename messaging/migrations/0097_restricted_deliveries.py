from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"
_deliver = (SQL / "deliver.sql").read_text()
_begin = _deliver.index("CREATE FUNCTION pipeline.claim_deliveries")
CLAIM = f"""
SET LOCAL ROLE sp_definer;
DROP FUNCTION pipeline.claim_deliveries;
{_deliver[_begin : _deliver.index("$$;", _begin) + 3]}
REVOKE ALL ON FUNCTION pipeline.claim_deliveries FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pipeline.claim_deliveries TO sp_system;
RESET ROLE;
"""


class Migration(migrations.Migration):
    """What would tell about a restricted recipient waits."""

    dependencies = [("messaging", "0096_cap_at_acceptance")]
    operations = [
        migrations.RunSQL((SQL / "put_off.sql").read_text(), reverse_sql="DROP FUNCTION pipeline.put_off_restricted"),
        migrations.RunSQL(CLAIM, reverse_sql=migrations.RunSQL.noop),
    ]
