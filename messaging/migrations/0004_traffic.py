from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

import smsplatform.lib.clock
import smsplatform.lib.ids
from smsplatform.lib.tenancy.operations import Isolate

SQL = Path(__file__).parent.parent / "sql" / "traffic.sql"
ALL = "select, insert, update, delete"
UNDO = """
DROP TRIGGER touched_by_update ON messaging_message;
DROP TRIGGER touched_by_delete ON messaging_message;
DROP FUNCTION pipeline.touch_hours, pipeline.touch_new, pipeline.roll_up, pipeline.purge_traffic,
    pipeline.hour_of, pipeline.latency_class;
"""


class Migration(migrations.Migration):
    """Figures by the hour, what keeps them right, and who hid the first steps."""

    dependencies = [
        ("accounts", "0004_people"),
        ("messaging", "0003_purge"),
    ]

    operations = [
        migrations.CreateModel(
            name="SetupHidden",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=smsplatform.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("user_id", models.UUIDField()),
                ("at", models.DateTimeField(default=smsplatform.lib.clock.now)),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.workspace"
                    ),
                ),
            ],
            options={
                "db_table": "messaging_setup_hidden",
                "constraints": [models.UniqueConstraint(fields=("workspace", "user_id"), name="setup_hidden_once")],
            },
        ),
        migrations.CreateModel(
            name="TouchedHour",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=smsplatform.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("livemode", models.BooleanField()),
                ("hour", models.DateTimeField()),
                (
                    "workspace",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="accounts.workspace",
                    ),
                ),
            ],
            options={
                "db_table": "messaging_touched_hour",
                "indexes": [
                    models.Index(models.F("hour"), models.F("workspace"), models.F("livemode"), name="touched_order")
                ],
            },
        ),
        migrations.CreateModel(
            name="TrafficHour",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "workspace_id",
                        "livemode",
                        "hour",
                        "country",
                        "category",
                        "outcome",
                        "latency",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("livemode", models.BooleanField()),
                ("hour", models.DateTimeField()),
                ("country", models.CharField(max_length=2)),
                ("category", models.CharField(max_length=13)),
                ("outcome", models.CharField(max_length=11)),
                ("latency", models.PositiveSmallIntegerField()),
                ("messages", models.BigIntegerField()),
                ("parts", models.BigIntegerField()),
                ("price", models.BigIntegerField()),
                (
                    "workspace",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="accounts.workspace",
                    ),
                ),
            ],
            options={
                "db_table": "messaging_traffic_hour",
                "indexes": [models.Index(models.F("hour"), name="traffic_age")],
            },
        ),
        Isolate("TrafficHour", rights={"app": "select", "definer": ALL}),
        Isolate("TouchedHour", rights={"definer": ALL, "system": "select"}),
        Isolate("SetupHidden", rights={"app": ALL}),
        migrations.RunSQL(SQL.read_text(), reverse_sql=UNDO),
    ]
