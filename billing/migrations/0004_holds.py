from django.db import migrations, models

from billing import sql


class Migration(migrations.Migration):
    """Refunds of parts, money set aside, and exact caps by the day."""

    dependencies = [("billing", "0003_funding_wallets")]
    operations = [
        *(migrations.RunSQL(sql.read(name)) for name in ("partial", "holds", "caps")),
        migrations.CreateModel(
            name="Cap",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "subject_id", "day", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("subject_id", models.UUIDField()),
                ("day", models.DateField()),
                ("workspace_id", models.UUIDField()),
                ("scope", models.TextField()),
                ("used", models.BigIntegerField()),
                ("amount_max", models.BigIntegerField()),
            ],
            options={
                "db_table": 'ledger"."cap',
                "abstract": False,
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="Hold",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("workspace_id", models.UUIDField()),
                ("wallet_id", models.UUIDField()),
                ("amount", models.BigIntegerField()),
                ("used", models.BigIntegerField()),
                ("state", models.TextField(choices=[("open", "Open"), ("closed", "Closed"), ("expired", "Expired")])),
                ("taken_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": 'ledger"."hold',
                "abstract": False,
                "managed": False,
            },
        ),
    ]
