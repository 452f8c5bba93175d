import datetime
from pathlib import Path

import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models

import smsplatform.lib.ids
from smsplatform.lib.tenancy.operations import Isolate

SQL = Path(__file__).parent.parent / "sql"
GRANTS, SUSPENDING = (SQL / "grants.sql").read_text(), (SQL / "suspending.sql").read_text()


class Migration(migrations.Migration):
    """Leave for staff to look into a workspace, and stopping a workspace or a key that does harm."""

    dependencies = [
        ("accounts", "0014_apps"),
        ("smsplatform", "0070_staff"),
    ]

    operations = [
        migrations.AddField(
            model_name="apikey",
            name="suspended_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="workspace",
            name="staff_approval",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="workspace",
            name="suspended_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="workspace",
            name="suspended_for",
            field=models.CharField(blank=True, default="", max_length=24),
        ),
        migrations.CreateModel(
            name="StaffGrant",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=smsplatform.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("staff_id", models.UUIDField()),
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
                ("reason", models.CharField(max_length=500)),
                ("ticket", models.CharField(max_length=40)),
                (
                    "level",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (1, "Metadata, numbers masked"),
                            (2, "Identifiers: numbers and addresses"),
                            (3, "Content: what was said"),
                        ],
                        default=1,
                    ),
                ),
                ("minutes", models.PositiveSmallIntegerField()),
                ("break_glass", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField()),
                ("starts_at", models.DateTimeField(null=True)),
                ("expires_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("customer_asked", models.BooleanField(default=False)),
                ("customer_by", models.UUIDField(null=True)),
                ("refused_at", models.DateTimeField(null=True)),
                ("content_asked_at", models.DateTimeField(null=True)),
                ("approved_by", models.UUIDField(null=True)),
                ("approved_at", models.DateTimeField(null=True)),
                ("reviewed_by", models.UUIDField(null=True)),
                ("reviewed_at", models.DateTimeField(null=True)),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.workspace"
                    ),
                ),
            ],
            options={
                "db_table": "accounts_staff_grant",
                "indexes": [
                    models.Index(
                        models.F("staff_id"), models.OrderBy(models.F("id"), descending=True), name="grant_of_staff"
                    ),
                    models.Index(
                        models.F("workspace"),
                        models.OrderBy(models.F("id"), descending=True),
                        name="grant_of_workspace",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("reason__regex", "^(\\s*\\S){15}")), name="grant_reason_says_something"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("minutes__gte", 1), ("minutes__lte", 240)), name="grant_four_hours_at_most"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("expires_at", None),
                            (
                                "expires_at__lte",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("starts_at"), "+", models.Value(datetime.timedelta(seconds=14400))
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="grant_ends",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("break_glass", False), ("minutes__lte", 15), _connector="OR"),
                        name="grant_break_glass_is_short",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("level__lte", 2), ("break_glass", True), ("approved_by__isnull", False), _connector="OR"
                        ),
                        name="grant_content_needs_two",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("approved_by", None),
                            models.Q(("approved_by", models.F("staff_id")), _negated=True),
                            _connector="OR",
                        ),
                        name="grant_second_is_another",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("reviewed_by", None),
                            models.Q(("reviewed_by", models.F("staff_id")), _negated=True),
                            _connector="OR",
                        ),
                        name="grant_reviewer_is_another",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("starts_at", None),
                            ("customer_asked", False),
                            ("customer_by__isnull", False),
                            _connector="OR",
                        ),
                        name="grant_waits_for_workspace",
                    ),
                ],
            },
        ),
        Isolate(
            "StaffGrant",
            rights={"app": "select, insert, update", "staff": "select", "system": "select", "audit": "select"},
        ),
        migrations.RunSQL(GRANTS, reverse_sql=migrations.RunSQL.noop),
        migrations.RunSQL(SUSPENDING, reverse_sql=migrations.RunSQL.noop),
    ]
