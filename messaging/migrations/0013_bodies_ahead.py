from pathlib import Path

from django.db import migrations

PARTITIONS = (Path(__file__).parent.parent / "sql" / "partitions.sql").read_text()


class Migration(migrations.Migration):
    """Partitions for texts as far ahead as any policy keeps them."""

    dependencies = [("messaging", "0072_staff_readable")]
    operations = [migrations.RunSQL(PARTITIONS, reverse_sql=migrations.RunSQL.noop)]
