from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import privacy.ciphers
import smsplatform.lib.ids
import smsplatform.lib.tenancy.models
from smsplatform.lib.tenancy import staff_reads
from smsplatform.lib.tenancy.operations import Isolate

SQL = (Path(__file__).parent.parent / "sql" / "support.sql").read_text()
STATES = "id, workspace_id, state, asked_at, last_at, resolved_at"
STAFF = ";\n".join(staff_reads.statements("accounts_support_thread", "accounts_support_entry"))


class Migration(migrations.Migration):
    """Questions to support and their answers."""

    dependencies = [
        ("accounts", "0071_request_notices"),
        ("smsplatform", "0070_staff"),
    ]

    operations = [
        migrations.AlterField(
            model_name="notificationchoice",
            name="category",
            field=models.CharField(
                choices=[
                    ("security", "Security of your account"),
                    ("billing", "Balance and payments"),
                    ("delivery", "Delivery problems"),
                    ("webhooks", "Webhook endpoints switched off"),
                    ("team", "People of the workspace"),
                    ("privacy", "Requests of people about their data"),
                    ("support", "Answers of support"),
                    ("product", "News about the product"),
                ],
                max_length=10,
            ),
        ),
        migrations.CreateModel(
            name="SupportThread",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=smsplatform.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("number", models.CharField(max_length=12, unique=True)),
                (
                    "topic",
                    models.CharField(
                        choices=[
                            ("delivery", "Delivery of messages"),
                            ("senders", "Senders"),
                            ("billing", "Balance and prices"),
                            ("api", "API and webhooks"),
                            ("account", "Signing in and the team"),
                            ("privacy", "Privacy and security"),
                            ("other", "Something else"),
                        ],
                        max_length=10,
                    ),
                ),
                ("subject", privacy.ciphers.EncryptedField(purpose="contacts", workspace="workspace_id")),
                ("about", models.CharField(blank=True, default="", max_length=40)),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "With support"), ("waiting", "Answered"), ("resolved", "Resolved")],
                        default="open",
                        max_length=8,
                    ),
                ),
                ("opened_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                ("asked_at", models.DateTimeField(null=True)),
                ("resolved_at", models.DateTimeField(null=True)),
                ("assigned_to", models.UUIDField(null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="support_threads",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="support_threads",
                        to="accounts.workspace",
                    ),
                ),
            ],
            options={
                "db_table": "accounts_support_thread",
            },
        ),
        migrations.CreateModel(
            name="SupportEntry",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=smsplatform.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("staff_id", models.UUIDField(null=True)),
                ("text", privacy.ciphers.EncryptedField(purpose="contacts", workspace="workspace_id")),
                ("at", models.DateTimeField()),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.workspace"
                    ),
                ),
                (
                    "thread",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="entries",
                        to="accounts.supportthread",
                    ),
                ),
            ],
            options={
                "db_table": "accounts_support_entry",
            },
        ),
        migrations.AddIndex(
            model_name="supportthread",
            index=models.Index(
                models.F("workspace"), models.OrderBy(models.F("id"), descending=True), name="support_of_workspace"
            ),
        ),
        migrations.AddIndex(
            model_name="supportthread",
            index=models.Index(
                models.F("resolved_at"), condition=models.Q(("resolved_at__isnull", False)), name="support_resolved"
            ),
        ),
        migrations.AddIndex(
            model_name="supportthread",
            index=models.Index(
                models.F("last_at"), condition=models.Q(("state", "resolved"), _negated=True), name="support_unresolved"
            ),
        ),
        migrations.AddConstraint(
            model_name="supportthread",
            constraint=models.UniqueConstraint(fields=("workspace", "id"), name="support_thread_workspace_id"),
        ),
        migrations.AddConstraint(
            model_name="supportthread",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("resolved_at__isnull", False), ("state", "resolved")),
                    models.Q(models.Q(("state", "resolved"), _negated=True), ("resolved_at", None)),
                    _connector="OR",
                ),
                name="support_resolved_has_time",
            ),
        ),
        migrations.AddIndex(
            model_name="supportentry",
            index=models.Index(
                models.F("workspace"),
                models.OrderBy(models.F("id"), descending=True),
                name="support_entry_of_workspace",
            ),
        ),
        migrations.AddConstraint(
            model_name="supportentry",
            constraint=models.UniqueConstraint(fields=("workspace", "id"), name="support_entry_workspace_id"),
        ),
        migrations.AddConstraint(
            model_name="supportentry",
            constraint=smsplatform.lib.tenancy.models.SameWorkspace(
                field="thread", name="support_entry_thread", on_delete="CASCADE", to="accounts.SupportThread"
            ),
        ),
        migrations.AddConstraint(
            model_name="supportentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("staff_id__isnull", False), ("user", None)),
                    models.Q(("staff_id", None), ("user__isnull", False)),
                    _connector="OR",
                ),
                name="support_entry_has_one_author",
            ),
        ),
        Isolate(
            "SupportThread",
            rights={
                "app": "select, insert, update",
                "system": f"select ({STATES})",
                "audit": "select (workspace_id, number, resolved_at)",
            },
        ),
        Isolate("SupportEntry", rights={"app": "select, insert"}),
        migrations.RunSQL(SQL, reverse_sql=migrations.RunSQL.noop),
        migrations.RunSQL(STAFF, reverse_sql=migrations.RunSQL.noop),
    ]
