from pathlib import Path

from django.db import migrations, models

from smsplatform.lib import ids
from smsplatform.lib.tenancy.operations import Grant

EVIDENCE = (Path(__file__).parent.parent / "sql" / "evidence.sql").read_text()
UNDO = """
DROP TRIGGER refuse_change ON privacy_audit_event;
DROP TRIGGER refuse_truncate ON privacy_audit_event;
DROP SCHEMA privacy CASCADE;
"""


class Migration(migrations.Migration):
    """Evidence nobody can change, and a record of every purge."""

    dependencies = [("privacy", "0002_isolation")]
    operations = [
        migrations.CreateModel(
            name="PurgeRun",
            fields=[
                ("id", models.UUIDField(default=ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("unit", models.CharField(max_length=40)),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
                ("removed", models.PositiveIntegerField(default=0)),
                ("error", models.CharField(blank=True, default="", max_length=40)),
            ],
            options={
                "db_table": "privacy_purge_run",
                "indexes": [
                    models.Index(
                        models.F("unit"), models.OrderBy(models.F("id"), descending=True), name="purge_run_unit"
                    )
                ],
            },
        ),
        Grant("PurgeRun", rights={"system": "select, insert, update, delete", "app": "select", "audit": "select"}),
        migrations.RunSQL(EVIDENCE, reverse_sql=UNDO),
    ]
