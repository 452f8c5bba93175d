from pathlib import Path

from django.db import migrations

_deliver = (Path(__file__).parent.parent / "sql" / "deliver.sql").read_text()
_begin = _deliver.index("CREATE FUNCTION pipeline.replay_deliveries")
_replay = _deliver[_begin : _deliver.index("$$;", _begin) + 3]
REPLAY = f"""
SET LOCAL ROLE sp_definer;
{_replay.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1)}
RESET ROLE;
"""


class Migration(migrations.Migration):
    """What waits for its next attempt can be sent now: its receiver was mended."""

    dependencies = [("messaging", "0101_full_endpoints")]
    operations = [migrations.RunSQL(REPLAY, reverse_sql=migrations.RunSQL.noop)]
