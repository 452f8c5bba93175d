from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

import privacy.models.document
import smsplatform.lib.clock
import smsplatform.lib.ids
from smsplatform.lib.tenancy.operations import Grant

SQL = (Path(__file__).parent.parent / "sql" / "documents.sql").read_text()
UNDO = """
DROP TRIGGER keep_announced ON privacy_document_version;
DROP TRIGGER keep_announced ON privacy_document_text;
DROP FUNCTION privacy.refuse_unless_draft();
"""
STATE = (
    "state, material, raised_by, announced_at, effective_at, archived_at, mailed_up_to, mails_leased_until, mailed_at"
)


class Migration(migrations.Migration):
    """Documents people rely on: versions, their texts, and who was told what."""

    dependencies = [
        ("privacy", "0010_promises"),
    ]

    operations = [
        migrations.CreateModel(
            name="DocumentVersion",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=smsplatform.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("document", models.SlugField(max_length=20)),
                ("number", models.PositiveIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("announced", "Announced"),
                            ("effective", "Effective"),
                            ("archived", "Archived"),
                        ],
                        default="draft",
                        max_length=9,
                    ),
                ),
                ("profile", models.SlugField(max_length=20)),
                ("snapshot", models.JSONField()),
                ("digest", models.CharField(max_length=64)),
                ("changes", models.JSONField(default=list)),
                ("material", models.BooleanField()),
                ("raised_by", models.UUIDField(null=True)),
                ("drafted_at", models.DateTimeField(default=smsplatform.lib.clock.now)),
                ("announced_at", models.DateTimeField(null=True)),
                ("effective_at", models.DateTimeField(null=True)),
                ("archived_at", models.DateTimeField(null=True)),
                ("mailed_up_to", models.UUIDField(null=True)),
                ("mails_leased_until", models.DateTimeField(null=True)),
                ("mailed_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "privacy_document_version",
                "constraints": [
                    models.UniqueConstraint(fields=("document", "number"), name="document_number"),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "archived"), _negated=True),
                        fields=("document", "state"),
                        name="document_one_of_a_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("announced_at", None), ("archived_at", None), ("state", "draft")),
                            models.Q(
                                ("announced_at__isnull", False),
                                ("archived_at", None),
                                ("effective_at__isnull", False),
                                ("state__in", ["announced", "effective"]),
                            ),
                            models.Q(
                                ("announced_at__isnull", False),
                                ("archived_at__isnull", False),
                                ("effective_at__isnull", False),
                                ("state", "archived"),
                            ),
                            _connector="OR",
                        ),
                        name="document_dates",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("material", False),
                            ("number", 1),
                            ("announced_at", None),
                            ("effective_at__gte", privacy.models.document.NoticeFloor(models.F("announced_at"))),
                            _connector="OR",
                        ),
                        name="document_notice_floor",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DocumentText",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=smsplatform.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("language", models.CharField(max_length=8)),
                ("content", models.JSONField()),
                ("sha256", models.CharField(max_length=64)),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="texts", to="privacy.documentversion"
                    ),
                ),
            ],
            options={
                "db_table": "privacy_document_text",
                "constraints": [models.UniqueConstraint(fields=("version", "language"), name="document_text_language")],
            },
        ),
        migrations.CreateModel(
            name="DocumentReader",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=smsplatform.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("user_id", models.UUIDField()),
                ("mailed_at", models.DateTimeField(null=True)),
                ("shown_at", models.DateTimeField(null=True)),
                ("dismissed_at", models.DateTimeField(null=True)),
                ("continued_at", models.DateTimeField(null=True)),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="readers",
                        to="privacy.documentversion",
                    ),
                ),
            ],
            options={
                "db_table": "privacy_document_reader",
                "indexes": [models.Index(models.F("user_id"), name="document_reader_user")],
                "constraints": [models.UniqueConstraint(fields=("version", "user_id"), name="document_reader_once")],
            },
        ),
        Grant(
            "DocumentVersion",
            rights={"app": "select", "audit": "select", "system": f"select, insert, delete, update ({STATE})"},
        ),
        Grant("DocumentText", rights={"app": "select", "audit": "select", "system": "select, insert, delete"}),
        Grant(
            "DocumentReader",
            rights={"app": "select, insert, update, delete", "system": "select, insert, update, delete"},
        ),
        migrations.RunSQL(SQL, reverse_sql=UNDO),
    ]
