from pathlib import Path

from django.db import migrations

PROMISES = (Path(__file__).parent.parent / "sql" / "promises.sql").read_text()
UNDO = "DROP FUNCTION access.odd_digests(); DROP FUNCTION access.tokens_beyond(interval);"


class Migration(migrations.Migration):
    """Counts over all workspaces, for the checks of the promises."""

    dependencies = [("accounts", "0070_staff_access")]
    operations = [migrations.RunSQL(PROMISES, reverse_sql=UNDO)]
