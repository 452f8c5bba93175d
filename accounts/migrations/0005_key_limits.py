from pathlib import Path

import django.contrib.postgres.fields
from django.db import migrations, models

KEYS = (Path(__file__).parent.parent / "sql" / "keys.sql").read_text()


class Migration(migrations.Migration):
    """What a key may send, to where and for how much; and two secrets in force while it is being rotated."""

    dependencies = [
        ("accounts", "0004_people"),
    ]

    operations = [
        migrations.AddField(
            model_name="apikey",
            name="countries",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=2), blank=True, default=list, size=None
            ),
        ),
        migrations.AddField(
            model_name="apikey",
            name="former_digest",
            field=models.BinaryField(max_length=32, null=True, unique=True),
        ),
        migrations.AddField(
            model_name="apikey",
            name="former_expires_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="apikey",
            name="money_max",
            field=models.PositiveBigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="apikey",
            name="sender_ids",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.UUIDField(), blank=True, default=list, size=None
            ),
        ),
        migrations.RunSQL(KEYS, reverse_sql=migrations.RunSQL.noop),
    ]
