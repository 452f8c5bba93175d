from pathlib import Path

from django.db import migrations

from smsplatform.lib.tenancy.operations import Grant

PURGE = (Path(__file__).parent.parent / "sql" / "purge.sql").read_text()
NAMES = ("purge_metadata", "purge_deliveries", "purge_orphans", "purge_idempotency_keys")


class Migration(migrations.Migration):
    """Functions that remove what outlived its retention, in bounded batches."""

    dependencies = [("messaging", "0002_pipeline")]
    operations = [
        migrations.RunSQL(PURGE, reverse_sql="\n".join(f"DROP FUNCTION pipeline.{name};" for name in NAMES)),
        # For the content scanner: what carriers call their messages, and nothing of ours.
        Grant("OrphanReceipt", rights={"system": "select"}),
    ]
