from pathlib import Path

from django.db import migrations

RECEIPTS = (Path(__file__).parent.parent / "sql" / "receipts.sql").read_text()


class Migration(migrations.Migration):
    """A workspace that wants to hear of failures only is told of nothing else."""

    dependencies = [("messaging", "0007_exports"), ("accounts", "0004_people")]
    operations = [migrations.RunSQL(RECEIPTS, reverse_sql=migrations.RunSQL.noop)]
