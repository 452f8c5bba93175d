from pathlib import Path

from django.db import migrations, models

import privacy.ciphers

SQL = Path(__file__).parent.parent / "sql"
EXPORTS, GIVE_BACK = (SQL / "staff_exports.sql").read_text(), (SQL / "give_back.sql").read_text()


class Migration(migrations.Migration):
    """Files for staff, and refunds: what a second person agreed to."""

    dependencies = [
        ("accounts", "0083_staff_second"),
        ("messaging", "0093_webhook_numbers"),
    ]

    operations = [
        migrations.AddField(
            model_name="export",
            name="downloads_left",
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="export",
            name="level",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="export",
            name="proposal_id",
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name="exportpiece",
            name="level",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="exportpiece",
            name="masked",
            field=privacy.ciphers.EncryptedField(null=True, purpose="account", workspace="workspace_id"),
        ),
        migrations.AlterField(
            model_name="export",
            name="kind",
            field=models.CharField(
                choices=[
                    ("messages", "Messages"),
                    ("masked", "Messages, numbers masked"),
                    ("content", "Messages with their texts"),
                ],
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="exportpiece",
            name="content",
            field=privacy.ciphers.EncryptedField(null=True, purpose="contacts", workspace="workspace_id"),
        ),
        migrations.AddConstraint(
            model_name="export",
            constraint=models.UniqueConstraint(fields=("proposal_id",), name="export_of_proposal_once"),
        ),
        migrations.RunSQL(GIVE_BACK, reverse_sql=migrations.RunSQL.noop),
        migrations.RunSQL(EXPORTS, reverse_sql=migrations.RunSQL.noop),
    ]
