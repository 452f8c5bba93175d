from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

import privacy.ciphers
import smsplatform.lib.clock
import smsplatform.lib.ids
from smsplatform.lib.tenancy.operations import Isolate

PEOPLE = (Path(__file__).parent.parent / "sql" / "people.sql").read_text()
ALL = "select, insert, update, delete"


class Migration(migrations.Migration):
    """Invitations, requests to join, what a workspace says of itself, and how it is closed."""

    dependencies = [
        ("accounts", "0003_libraries"),
    ]

    operations = [
        migrations.CreateModel(
            name="Invitation",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=smsplatform.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("email", privacy.ciphers.EncryptedField(purpose="account", workspace="workspace_id")),
                ("email_idx", models.BinaryField(max_length=16)),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("owner", "Owner"),
                            ("admin", "Admin"),
                            ("developer", "Developer"),
                            ("billing", "Billing"),
                            ("viewer", "Viewer"),
                        ],
                        max_length=10,
                    ),
                ),
                ("digest", models.BinaryField(max_length=32, unique=True)),
                ("created_at", models.DateTimeField(default=smsplatform.lib.clock.now)),
                ("created_by", models.UUIDField(null=True)),
                ("expires_at", models.DateTimeField()),
                ("accepted_at", models.DateTimeField(null=True)),
                ("accepted_by", models.UUIDField(null=True)),
                ("revoked_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "accounts_invitation",
            },
        ),
        migrations.CreateModel(
            name="JoinRequest",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=smsplatform.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("user_id", models.UUIDField()),
                (
                    "state",
                    models.CharField(
                        choices=[("pending", "Pending"), ("accepted", "Accepted"), ("refused", "Refused")],
                        default="pending",
                        max_length=8,
                    ),
                ),
                ("created_at", models.DateTimeField(default=smsplatform.lib.clock.now)),
                ("decided_at", models.DateTimeField(null=True)),
                ("decided_by", models.UUIDField(null=True)),
            ],
            options={
                "db_table": "accounts_join_request",
            },
        ),
        migrations.AddField(
            model_name="workspace",
            name="company",
            field=privacy.ciphers.EncryptedField(null=True, purpose="account", workspace="id"),
        ),
        migrations.AddField(
            model_name="workspace",
            name="contact_email",
            field=privacy.ciphers.EncryptedField(null=True, purpose="account", workspace="id"),
        ),
        migrations.AddField(
            model_name="workspace",
            name="contact_name",
            field=privacy.ciphers.EncryptedField(null=True, purpose="account", workspace="id"),
        ),
        migrations.AddField(
            model_name="workspace",
            name="contact_phone",
            field=privacy.ciphers.EncryptedField(null=True, purpose="account", workspace="id"),
        ),
        migrations.AddField(
            model_name="workspace",
            name="erase_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="workspace",
            name="erased_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="workspace",
            name="join_digest",
            field=models.BinaryField(max_length=32, null=True, unique=True),
        ),
        migrations.AddField(
            model_name="workspace",
            name="join_token",
            field=privacy.ciphers.EncryptedField(null=True, purpose="secrets", workspace="id"),
        ),
        migrations.AddField(
            model_name="workspace",
            name="receipts",
            field=models.CharField(
                choices=[
                    ("all", "All: delivered, failed, and what happens in between"),
                    ("failures", "Failures only: undelivered, failed, rejected, expired"),
                ],
                default="all",
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="workspace",
            name="require_second_factor",
            field=models.BooleanField(default=False),
        ),
        migrations.AddConstraint(
            model_name="workspace",
            constraint=models.CheckConstraint(
                condition=models.Q(("erase_at", None), ("closed_at__isnull", False), _connector="OR"),
                name="workspace_closed_first",
            ),
        ),
        migrations.AddField(
            model_name="invitation",
            name="workspace",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="invitations", to="accounts.workspace"
            ),
        ),
        migrations.AddField(
            model_name="joinrequest",
            name="workspace",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="join_requests", to="accounts.workspace"
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.UniqueConstraint(fields=("workspace", "id"), name="invitation_workspace_id"),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("accepted_at", None), ("revoked_at", None)),
                fields=("workspace", "email_idx"),
                name="invitation_open_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="joinrequest",
            constraint=models.UniqueConstraint(fields=("workspace", "id"), name="join_request_workspace_id"),
        ),
        migrations.AddConstraint(
            model_name="joinrequest",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "pending")),
                fields=("workspace", "user_id"),
                name="join_request_pending_once",
            ),
        ),
        Isolate("Invitation", rights={"app": ALL, "definer": "select, delete"}),
        Isolate("JoinRequest", rights={"app": ALL, "definer": "select, delete"}),
        migrations.RunSQL(PEOPLE, reverse_sql=migrations.RunSQL.noop),
    ]
