from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

import smsplatform.lib.clock
import smsplatform.lib.ids
from smsplatform.lib.tenancy.operations import Grant, Isolate

AFFECTED = (Path(__file__).parent.parent / "sql" / "affected.sql").read_text()
UNDO = "DROP FUNCTION privacy.affected(text[], text[], uuid, uuid, uuid[])"
REGISTER = {"system": "select, insert, update, delete", "audit": "select"}


class Migration(migrations.Migration):
    """The register of incidents, which the web role cannot read, and what workspaces were told."""

    dependencies = [
        ("privacy", "0020_documents"),
    ]

    operations = [
        migrations.CreateModel(
            name="Incident",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=smsplatform.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("title", models.CharField(max_length=120)),
                ("description", models.TextField(max_length=4000)),
                ("confidentiality", models.BooleanField(default=False)),
                ("integrity", models.BooleanField(default=False)),
                ("availability", models.BooleanField(default=False)),
                ("drill", models.BooleanField(default=False)),
                ("aware_at", models.DateTimeField()),
                ("opened_at", models.DateTimeField(default=smsplatform.lib.clock.now)),
                ("closed_at", models.DateTimeField(null=True)),
                ("owner_id", models.UUIDField()),
                (
                    "risk",
                    models.CharField(
                        blank=True,
                        choices=[("low", "Unlikely to result in a risk"), ("risk", "A risk"), ("high", "A high risk")],
                        default="",
                        max_length=4,
                    ),
                ),
                ("risk_reasons", models.TextField(blank=True, default="", max_length=4000)),
                ("sealed_only", models.BooleanField(default=False)),
                ("measures", models.TextField(blank=True, default="", max_length=4000)),
                ("scope", models.JSONField(default=dict)),
                ("scoped_at", models.DateTimeField(null=True)),
                ("rows", models.JSONField(default=dict)),
                ("subjects", models.JSONField(default=dict)),
                ("drafts", models.JSONField(default=dict)),
            ],
            options={
                "db_table": "privacy_incident",
                "indexes": [
                    models.Index(models.F("aware_at"), condition=models.Q(("closed_at", None)), name="incident_open")
                ],
            },
        ),
        migrations.CreateModel(
            name="IncidentNotice",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=smsplatform.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("workspace_id", models.UUIDField()),
                ("entry_id", models.UUIDField()),
                ("incident_id", models.UUIDField()),
                ("title", models.CharField(max_length=120)),
                ("text", models.TextField(max_length=8000)),
                ("at", models.DateTimeField()),
                ("mails", models.PositiveIntegerField(default=0)),
                ("seen_at", models.DateTimeField(null=True)),
                ("seen_by", models.UUIDField(null=True)),
            ],
            options={
                "db_table": "privacy_incident_notice",
                "indexes": [
                    models.Index(
                        models.F("workspace_id"),
                        models.OrderBy(models.F("id"), descending=True),
                        name="incident_notice_list",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(models.F("entry_id"), models.F("workspace_id"), name="incident_told_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="AffectedWorkspace",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=smsplatform.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("workspace_id", models.UUIDField()),
                ("rows", models.BigIntegerField()),
                ("subjects", models.JSONField(default=dict)),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="affected", to="privacy.incident"
                    ),
                ),
            ],
            options={
                "db_table": "privacy_affected_workspace",
                "constraints": [
                    models.UniqueConstraint(models.F("incident"), models.F("workspace_id"), name="affected_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="IncidentEntry",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=smsplatform.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("opened", "Opened"),
                            ("scoped", "Scoped"),
                            ("assessed", "Assessed"),
                            ("measure", "Measure"),
                            ("revoked", "Revoked"),
                            ("reported", "Reported"),
                            ("notified", "Notified"),
                            ("decided", "Decided"),
                            ("closed", "Closed"),
                        ],
                        max_length=9,
                    ),
                ),
                (
                    "audience",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("authority", "Authority"),
                            ("controllers", "Workspaces (controllers)"),
                            ("users", "People with accounts"),
                        ],
                        default="",
                        max_length=11,
                    ),
                ),
                ("number", models.PositiveSmallIntegerField(null=True)),
                ("title", models.CharField(blank=True, default="", max_length=120)),
                ("text", models.TextField(blank=True, default="", max_length=8000)),
                ("late_reason", models.TextField(blank=True, default="", max_length=1000)),
                ("facts", models.JSONField(default=dict)),
                ("actor_id", models.UUIDField(null=True)),
                ("at", models.DateTimeField()),
                ("sent_at", models.DateTimeField(null=True)),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="entries", to="privacy.incident"
                    ),
                ),
            ],
            options={
                "db_table": "privacy_incident_entry",
                "indexes": [
                    models.Index(
                        models.F("at"),
                        condition=models.Q(("kind", "notified"), ("sent_at", None)),
                        name="incident_unsent",
                    ),
                    models.Index(models.F("incident"), models.F("id"), name="incident_entries"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("incident"),
                        models.F("audience"),
                        models.F("number"),
                        condition=models.Q(("number__isnull", False)),
                        name="incident_numbered_once",
                    )
                ],
            },
        ),
        Grant("Incident", rights=REGISTER),
        Grant("IncidentEntry", rights={"system": "select, insert, update (sent_at), delete", "audit": "select"}),
        Isolate("AffectedWorkspace", rights={"system": "select, insert, delete", "audit": "select"}),
        Isolate(
            "IncidentNotice",
            rights={
                "app": "select, insert, update (mails, seen_at, seen_by)",
                "system": "select, delete",
                "audit": "select",
            },
        ),
        migrations.RunSQL(AFFECTED, reverse_sql=UNDO),
    ]
