from pathlib import Path

from django.db import migrations

STOP = (Path(__file__).parent.parent / "sql" / "stop.sql").read_text()


class Migration(migrations.Migration):
    """Giving up what waits for a number or in a workspace, with its money back."""

    dependencies = [("messaging", "0012_running_low")]
    operations = [migrations.RunSQL(STOP, reverse_sql="DROP FUNCTION pipeline.stop")]
