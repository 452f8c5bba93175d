from pathlib import Path

from django.db import migrations, models

import privacy.ciphers

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    """A sender's way to approval; until then it works in test mode."""

    dependencies = [
        ("messaging", "0008_receipts_wanted"),
    ]

    operations = [
        migrations.AddField(
            model_name="sender",
            name="decided_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="sender",
            name="example",
            field=privacy.ciphers.EncryptedField(null=True, purpose="account", workspace="workspace_id"),
        ),
        migrations.AddField(
            model_name="sender",
            name="purpose",
            field=privacy.ciphers.EncryptedField(null=True, purpose="account", workspace="workspace_id"),
        ),
        migrations.AddField(
            model_name="sender",
            name="reason",
            field=privacy.ciphers.EncryptedField(null=True, purpose="account", workspace="workspace_id"),
        ),
        migrations.AlterField(
            model_name="sender",
            name="state",
            field=models.CharField(
                choices=[
                    ("draft", "Draft"),
                    ("review", "In review"),
                    ("approved", "Approved"),
                    ("rejected", "Rejected"),
                    ("withdrawn", "Withdrawn"),
                ],
                default="review",
                max_length=9,
            ),
        ),
        migrations.RunSQL("DROP FUNCTION pipeline.accept, pipeline.remember", reverse_sql=migrations.RunSQL.noop),
        migrations.RunSQL((SQL / "accept.sql").read_text(), reverse_sql=migrations.RunSQL.noop),
        migrations.RunSQL((SQL / "senders.sql").read_text(), reverse_sql=migrations.RunSQL.noop),
    ]
