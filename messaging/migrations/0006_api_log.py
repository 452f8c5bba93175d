from pathlib import Path

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from smsplatform.lib.tenancy.operations import Isolate

SQL = Path(__file__).parent.parent / "sql"
UNDO = """
DROP FUNCTION pipeline.ensure_call_partitions, pipeline.drop_call_partitions, pipeline.record_calls,
    pipeline.purge_calls;
DROP TABLE messaging_call;
"""


class Migration(migrations.Migration):
    """The log of API requests, and each attempt of a webhook delivery."""

    dependencies = [("accounts", "0002_isolation"), ("messaging", "0005_message_list")]

    operations = [
        migrations.AddField(
            model_name="delivery",
            name="tries",
            field=models.JSONField(db_default=models.Value([], output_field=models.JSONField()), default=list),
        ),
        migrations.RunSQL((SQL / "tries.sql").read_text(), reverse_sql=migrations.RunSQL.noop),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="Call",
                    fields=[
                        ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                        ("livemode", models.BooleanField()),
                        ("request_id", models.CharField(max_length=64)),
                        ("key_id", models.UUIDField()),
                        ("method", models.CharField(max_length=7)),
                        ("route", models.CharField(blank=True, default="", max_length=120)),
                        ("status", models.PositiveSmallIntegerField()),
                        ("code", models.CharField(max_length=40, null=True)),
                        (
                            "pointers",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.CharField(max_length=80), default=list, size=None
                            ),
                        ),
                        ("duration_ms", models.PositiveIntegerField()),
                        ("message_id", models.UUIDField(null=True)),
                        ("country", models.CharField(max_length=2, null=True)),
                        ("parts", models.PositiveSmallIntegerField(null=True)),
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
                        "db_table": "messaging_call",
                        "indexes": [
                            models.Index(
                                models.F("workspace"), models.OrderBy(models.F("id"), descending=True), name="call_list"
                            ),
                            models.Index(
                                models.F("workspace"),
                                models.OrderBy(models.F("id"), descending=True),
                                condition=models.Q(("status__gte", 400)),
                                name="call_errors",
                            ),
                            models.Index(models.F("workspace"), models.F("request_id"), name="call_request"),
                        ],
                    },
                ),
            ],
            database_operations=[migrations.RunSQL((SQL / "calls.sql").read_text(), reverse_sql=UNDO)],
        ),
        Isolate("Call", rights={"app": "select", "definer": "select, insert, update, delete"}),
    ]
