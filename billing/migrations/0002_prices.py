import django.db.models.deletion
from django.db import migrations, models

import smsplatform.lib.clock
import smsplatform.lib.ids
from billing import sql
from smsplatform.lib.tenancy.operations import Grant

READ = {"app": "select", "system": "select"}


class Migration(migrations.Migration):
    """Price plans; and Django's view of the ledger's tables, which it may only read."""

    dependencies = [
        ("billing", "0001_ledger"),
    ]

    operations = [
        migrations.CreateModel(
            name="Account",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("workspace_id", models.UUIDField(null=True)),
                ("kind", models.TextField()),
                ("currency", models.TextField()),
                ("revenue_id", models.UUIDField(null=True)),
                ("posted", models.BigIntegerField()),
                ("held", models.BigIntegerField()),
                ("credit_limit", models.BigIntegerField()),
                ("seq", models.BigIntegerField()),
                ("frozen", models.BooleanField()),
            ],
            options={
                "db_table": 'ledger"."account',
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="Transfer",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "id", "kind", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("id", models.UUIDField()),
                (
                    "kind",
                    models.TextField(
                        choices=[
                            ("charge", "Message"),
                            ("refund", "Refund"),
                            ("top_up", "Top-up"),
                            ("adjustment", "Correction"),
                        ]
                    ),
                ),
                ("at", models.DateTimeField()),
                ("amount", models.BigIntegerField()),
                ("currency", models.TextField()),
                ("workspace_id", models.UUIDField()),
                ("wallet_id", models.UUIDField()),
                ("wallet_seq", models.BigIntegerField()),
                ("wallet_after", models.BigIntegerField()),
                ("debit_id", models.UUIDField()),
                ("credit_id", models.UUIDField()),
                ("actor_id", models.UUIDField(null=True)),
                ("reverses", models.TextField(null=True)),
                ("reason", models.TextField(null=True)),
            ],
            options={
                "db_table": 'ledger"."transfer',
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="PricePlan",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=smsplatform.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=60, unique=True)),
                ("currency", models.CharField(max_length=3)),
                ("sample", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField(default=smsplatform.lib.clock.now)),
                (
                    "base",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to="billing.priceplan"
                    ),
                ),
            ],
            options={
                "db_table": "billing_price_plan",
            },
        ),
        migrations.CreateModel(
            name="PriceVersion",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=smsplatform.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("effective_at", models.DateTimeField()),
                ("created_at", models.DateTimeField(default=smsplatform.lib.clock.now)),
                ("created_by", models.UUIDField(null=True)),
                ("approved_at", models.DateTimeField(null=True)),
                ("approved_by", models.UUIDField(null=True)),
                (
                    "plan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="billing.priceplan"
                    ),
                ),
            ],
            options={
                "db_table": "billing_price_version",
            },
        ),
        migrations.CreateModel(
            name="PriceItem",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=smsplatform.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("prefix", models.CharField(max_length=15)),
                ("country", models.CharField(max_length=2)),
                ("unit_micro", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                (
                    "refund_basis",
                    models.CharField(
                        choices=[
                            ("accept", "Once accepted"),
                            ("submit", "Once a carrier took it"),
                            ("delivered", "Once delivered"),
                        ],
                        default="submit",
                        max_length=9,
                    ),
                ),
                ("reject", models.BooleanField(default=False)),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="items", to="billing.priceversion"
                    ),
                ),
            ],
            options={
                "db_table": "billing_price_item",
            },
        ),
        migrations.AddConstraint(
            model_name="priceversion",
            constraint=models.UniqueConstraint(
                condition=models.Q(("approved_at__isnull", False)),
                fields=("plan", "effective_at"),
                name="price_version_one_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="priceitem",
            constraint=models.UniqueConstraint(fields=("version", "prefix"), name="price_item_prefix_once"),
        ),
        migrations.AddConstraint(
            model_name="priceitem",
            constraint=models.CheckConstraint(
                condition=models.Q(("unit_micro__gte", 0)), name="price_item_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="priceitem",
            constraint=models.CheckConstraint(
                condition=models.Q(("prefix__regex", "^[1-9][0-9]{0,14}$")), name="price_item_prefix"
            ),
        ),
        migrations.RunSQL(sql.read("prices"), reverse_sql="DROP FUNCTION billing_refuse_price_change CASCADE"),
        Grant("PricePlan", rights=READ),
        Grant("PriceVersion", rights=READ),
        Grant("PriceItem", rights=READ),
    ]
