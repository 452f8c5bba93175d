from pathlib import Path

from django.db import migrations

RUNNING_LOW = (Path(__file__).parent.parent / "sql" / "running_low.sql").read_text()


class Migration(migrations.Migration):
    dependencies = [("messaging", "0011_promises"), ("billing", "0002_prices")]
    operations = [migrations.RunSQL(RUNNING_LOW, reverse_sql="DROP FUNCTION pipeline.tell_running_low")]
