from pathlib import Path

from django.db import migrations

DISABLED = (Path(__file__).parent.parent / "sql" / "disabled.sql").read_text()


class Migration(migrations.Migration):
    """Who looks after endpoints is told in the transaction that switches one off."""

    dependencies = [("messaging", "0009_senders"), ("accounts", "0012_notifications")]
    operations = [migrations.RunSQL(DISABLED, reverse_sql=migrations.RunSQL.noop)]
