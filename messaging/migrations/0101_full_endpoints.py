from pathlib import Path

from django.db import migrations, models

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
    """A claim no longer reads all that waits for an endpoint that can take no more."""

    dependencies = [("messaging", "0100_keys_of_requests")]
    operations = [
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                "endpoint_id", "due_at", condition=models.Q(("state", "pending")), name="delivery_due_of"
            ),
        ),
        migrations.RunSQL((SQL / "due_elsewhere.sql").read_text(), reverse_sql="DROP FUNCTION pipeline.due_elsewhere"),
        migrations.RunSQL(CLAIM, reverse_sql=migrations.RunSQL.noop),
    ]
