from pathlib import Path

from django.db import migrations

_deliver = (Path(__file__).parent.parent / "sql" / "deliver.sql").read_text()
_begin = _deliver.index("CREATE FUNCTION pipeline.claim_deliveries")
CLAIM = f"""
DROP FUNCTION pipeline.claim_deliveries;
{_deliver[_begin : _deliver.index("$$;", _begin)]}$$;
REVOKE ALL ON FUNCTION pipeline.claim_deliveries FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pipeline.claim_deliveries TO sp_system;
ALTER FUNCTION pipeline.claim_deliveries OWNER TO sp_definer;
"""


class Migration(migrations.Migration):
    """Whoever makes a webhook knows to the minute until when the text, and a number that goes with it, may be told."""

    dependencies = [("messaging", "0092_keep_restricted")]
    operations = [migrations.RunSQL(CLAIM, reverse_sql=migrations.RunSQL.noop)]
