from pathlib import Path

from django.db import migrations, models

import smsplatform.lib.ids
from smsplatform.lib.tenancy.operations import Grant

REPORTS = (Path(__file__).parent.parent / "sql" / "reports.sql").read_text()
UNDO = """
DROP TRIGGER refuse_change ON privacy_report_seal;
DROP TRIGGER refuse_truncate ON privacy_report_seal;
DROP TRIGGER refuse_change ON privacy_promise_report;
DROP TRIGGER refuse_change ON privacy_attestation;
DROP FUNCTION privacy.refuse_rewriting();
"""
KEEPER = "select, insert, delete"


class Migration(migrations.Migration):
    """What was found of the promises, and the chain of reports on them."""

    dependencies = [
        ("privacy", "0051_archives"),
    ]

    operations = [
        migrations.CreateModel(
            name="PromiseReport",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("document", models.TextField()),
            ],
            options={
                "db_table": "privacy_promise_report",
            },
        ),
        migrations.CreateModel(
            name="ReportSeal",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("profile", models.CharField(max_length=10)),
                ("digest", models.BinaryField(max_length=32)),
                ("link", models.BinaryField(max_length=32)),
                ("key_id", models.UUIDField()),
                ("signature", models.BinaryField(max_length=64)),
            ],
            options={
                "db_table": "privacy_report_seal",
            },
        ),
        migrations.CreateModel(
            name="CheckResult",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=smsplatform.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=60)),
                ("at", models.DateTimeField()),
                ("holds", models.BooleanField(null=True)),
                ("why", models.CharField(blank=True, default="", max_length=200)),
                ("evidence", models.JSONField(default=dict)),
                ("took_ms", models.PositiveIntegerField(default=0)),
            ],
            options={
                "db_table": "privacy_check_result",
                "indexes": [
                    models.Index(
                        models.F("name"), models.OrderBy(models.F("id"), descending=True), name="check_result_newest"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PromiseAttestation",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=smsplatform.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("promise", models.CharField(max_length=20)),
                ("by_id", models.UUIDField(null=True)),
                ("at", models.DateTimeField()),
                ("evidence", models.CharField(max_length=300)),
                ("document", models.CharField(max_length=300)),
                ("expires_on", models.DateField()),
            ],
            options={
                "db_table": "privacy_attestation",
                "indexes": [
                    models.Index(
                        models.F("promise"), models.OrderBy(models.F("id"), descending=True), name="attestation_newest"
                    )
                ],
            },
        ),
        Grant("CheckResult", rights={"system": KEEPER, "app": "select", "audit": "select"}),
        Grant("PromiseAttestation", rights={"system": "select, insert", "app": "select, insert", "audit": "select"}),
        Grant("ReportSeal", rights={"system": "select, insert", "app": "select", "audit": "select"}),
        Grant("PromiseReport", rights={"system": KEEPER, "app": "select", "audit": "select"}),
        migrations.RunSQL(REPORTS, reverse_sql=UNDO),
    ]
