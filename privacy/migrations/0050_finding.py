from pathlib import Path

from django.db import migrations

FINDING = (Path(__file__).parent.parent / "sql" / "finding.sql").read_text()


class Migration(migrations.Migration):
    """Finding the workspaces that know a number."""

    dependencies = [("privacy", "0003_retention")]
    operations = [migrations.RunSQL(FINDING, reverse_sql="DROP FUNCTION privacy.holders")]
