from pathlib import Path

from django.db import migrations

PROMISES = (Path(__file__).parent.parent / "sql" / "promises.sql").read_text()
UNDO = """
DROP FUNCTION pipeline.bodies_over(date);
DROP FUNCTION pipeline.bodies_beyond(date);
DROP FUNCTION pipeline.messages_of_nobody(integer);
"""


class Migration(migrations.Migration):
    """Counts over all workspaces, for the checks of the promises."""

    dependencies = [("messaging", "0010_told_when_disabled")]
    operations = [migrations.RunSQL(PROMISES, reverse_sql=UNDO)]
