from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

from smsplatform.lib.tenancy.operations import Grant, Isolate

SQL = (Path(__file__).parent.parent / "sql" / "processors.sql").read_text()
ALL = "select, insert, update, delete"
UNDO = """
DROP TRIGGER processors_touched ON messaging_traffic_hour;
DROP FUNCTION pipeline.note_processor_hours, pipeline.roll_up_processors, pipeline.purge_processors;
"""
# What was there before is counted by the next run.
BEFORE = "INSERT INTO messaging_processor_due (hour) SELECT DISTINCT hour FROM messaging_traffic_hour"


class Migration(migrations.Migration):
    """Counts of messages by carrier and country."""

    dependencies = [
        ("accounts", "0071_request_notices"),
        ("messaging", "0090_window_texts_too"),
    ]

    operations = [
        migrations.CreateModel(
            name="ProcessorDue",
            fields=[
                ("hour", models.DateTimeField(primary_key=True, serialize=False)),
            ],
            options={
                "db_table": "messaging_processor_due",
            },
        ),
        migrations.CreateModel(
            name="ProcessorHour",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "workspace_id",
                        "hour",
                        "carrier_id",
                        "country",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("hour", models.DateTimeField()),
                ("carrier_id", models.UUIDField()),
                ("country", models.CharField(max_length=2)),
                ("messages", models.BigIntegerField()),
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
                "db_table": "messaging_processor_hour",
                "indexes": [models.Index(models.F("hour"), name="processor_age")],
            },
        ),
        Isolate("ProcessorHour", rights={"app": "select", "definer": ALL}),
        Grant("ProcessorDue", rights={"definer": ALL, "system": "select"}),
        migrations.RunSQL(SQL, reverse_sql=UNDO),
        migrations.RunSQL(BEFORE, reverse_sql=migrations.RunSQL.noop),
    ]
