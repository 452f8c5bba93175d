from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

import smsplatform.lib.ids
from smsplatform.lib.tenancy.operations import Isolate

SQL = (Path(__file__).parent.parent / "sql" / "proposals.sql").read_text()


class Migration(migrations.Migration):
    """What one member of the staff asks for and another decides."""

    dependencies = [
        ("accounts", "0082_oldest"),
    ]

    operations = [
        migrations.CreateModel(
            name="StaffProposal",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=smsplatform.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("kind", models.CharField(choices=[("export", "Export"), ("refund", "Refund")], max_length=8)),
                ("grant_id", models.UUIDField()),
                ("asked_by", models.UUIDField()),
                (
                    "category",
                    models.CharField(
                        choices=[
                            ("customer_support", "Customer support"),
                            ("service_operation", "Operating the service"),
                            ("security_or_abuse_review", "Security or abuse review"),
                            ("legal_process", "Legal process"),
                            ("production_alert", "Production alert"),
                            ("carrier_complaint", "Complaint of a carrier"),
                            ("data_request", "Request about personal data"),
                            ("billing_dispute", "Billing dispute"),
                        ],
                        max_length=24,
                    ),
                ),
                ("ticket", models.CharField(max_length=40)),
                (
                    "level",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (1, "Metadata, numbers masked"),
                            (2, "Identifiers: numbers and addresses"),
                            (3, "Content: what was said"),
                        ]
                    ),
                ),
                ("subject", models.UUIDField(null=True)),
                ("amount", models.BigIntegerField(null=True)),
                ("currency", models.CharField(blank=True, default="", max_length=3)),
                ("chosen", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField()),
                ("decided_by", models.UUIDField(null=True)),
                ("decided_at", models.DateTimeField(null=True)),
                ("agreed", models.BooleanField(null=True)),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.workspace"
                    ),
                ),
            ],
            options={
                "db_table": "accounts_staff_proposal",
                "indexes": [
                    models.Index(
                        models.F("workspace"),
                        models.OrderBy(models.F("id"), descending=True),
                        name="proposal_of_workspace",
                    ),
                    models.Index(models.F("created_at"), name="proposal_age"),
                    models.Index(models.F("id"), condition=models.Q(("decided_at", None)), name="proposal_open"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("workspace", "id"), name="staff_proposal_workspace_id"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("decided_by", None),
                            models.Q(("decided_by", models.F("asked_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="proposal_second_is_another",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("agreed", None), ("decided_at", None), ("decided_by", None)),
                            models.Q(
                                ("agreed__isnull", False), ("decided_at__isnull", False), ("decided_by__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="proposal_decided_by_somebody",
                    ),
                ],
            },
        ),
        Isolate(
            "StaffProposal",
            rights={"app": "select, insert, update", "staff": "select", "system": "select", "audit": "select"},
        ),
        migrations.RunSQL(SQL, reverse_sql=migrations.RunSQL.noop),
    ]
