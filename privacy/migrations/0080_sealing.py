from pathlib import Path

import django.contrib.postgres.fields
from django.db import migrations, models

from smsplatform.lib import ids
from smsplatform.lib.tenancy.operations import Grant

SQL = (Path(__file__).parent.parent / "sql" / "sealing.sql").read_text()
UNDO = """
DROP FUNCTION privacy.append_platform(uuid, uuid, text, jsonb, timestamptz, timestamptz, bytea, bytea);
DROP FUNCTION privacy.purge_seals(timestamptz, integer);
DROP FUNCTION privacy.refuse_always() CASCADE;
DROP TRIGGER refuse_change ON privacy_audit_seal;
DROP TRIGGER refuse_truncate ON privacy_audit_seal;
GRANT INSERT ON privacy_audit_event TO sp_audit;
"""


class Migration(migrations.Migration):
    """Events carry a salt and their writer's mark, minutes are sealed, days close, and auditors sign off."""

    dependencies = [("privacy", "0060_consent")]
    operations = [
        migrations.AddField("auditevent", "withheld_until", models.DateTimeField(null=True)),
        migrations.AddField("auditevent", "salt", models.BinaryField(default=b"", db_default=b"")),
        migrations.AddField("auditevent", "mac", models.BinaryField(default=b"", db_default=b"")),
        migrations.CreateModel(
            name="AuditSeal",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("first", models.BigIntegerField()),
                ("events", django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None)),
                ("leaves", models.BinaryField()),
                ("mac", models.BinaryField()),
            ],
            options={"db_table": "privacy_audit_seal", "indexes": [models.Index("at", name="audit_seal_at")]},
        ),
        migrations.CreateModel(
            name="AuditSegment",
            fields=[
                ("number", models.PositiveIntegerField(primary_key=True, serialize=False)),
                ("day_on", models.DateField(unique=True)),
                ("first_seal", models.BigIntegerField()),
                ("last_seal", models.BigIntegerField()),
                ("first", models.BigIntegerField()),
                ("count", models.BigIntegerField()),
                ("root", models.BinaryField()),
                ("chain", models.BinaryField()),
                ("at", models.DateTimeField()),
                ("note", models.TextField()),
            ],
            options={"db_table": "privacy_audit_segment"},
        ),
        migrations.CreateModel(
            name="AuditReview",
            fields=[
                ("id", models.UUIDField(default=ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("flag", models.CharField(max_length=100)),
                (
                    "verdict",
                    models.CharField(
                        choices=[
                            ("in_order", "In order"),
                            ("follow_up", "Followed up"),
                            ("breach", "Reported as a breach"),
                        ],
                        max_length=10,
                    ),
                ),
                ("note", models.CharField(max_length=300)),
                ("by_id", models.UUIDField()),
                ("at", models.DateTimeField()),
            ],
            options={
                "db_table": "privacy_audit_review",
                "constraints": [models.UniqueConstraint(fields=("flag", "by_id"), name="audit_review_once")],
            },
        ),
        Grant("AuditSeal", rights={"system": "select, insert", "audit": "select"}),
        Grant("AuditSegment", rights={"system": "select, insert", "app": "select", "audit": "select"}),
        Grant("AuditReview", rights={"app": "select, insert", "system": "select", "audit": "select"}),
        migrations.RunSQL(SQL, reverse_sql=UNDO),
    ]
