import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import privacy.ciphers
import smsplatform.lib.clock
import smsplatform.lib.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("smsplatform", "0001_tenancy"),
    ]

    operations = [
        migrations.CreateModel(
            name="User",
            fields=[
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                (
                    "id",
                    models.UUIDField(
                        default=smsplatform.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("email", privacy.ciphers.EncryptedField(purpose="account", workspace=None)),
                ("email_idx", models.BinaryField(max_length=16, unique=True)),
                ("name", privacy.ciphers.EncryptedField(null=True, purpose="account", workspace=None)),
                (
                    "staff_role",
                    models.CharField(
                        blank=True,
                        choices=[("", "not staff"), ("support", "Support"), ("auditor", "Auditor")],
                        default="",
                        max_length=10,
                    ),
                ),
                ("is_active", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField(default=smsplatform.lib.clock.now)),
            ],
            options={
                "db_table": "accounts_user",
            },
        ),
        migrations.CreateModel(
            name="Workspace",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=smsplatform.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                ("currency", models.CharField(default="EUR", max_length=3)),
                ("time_zone", models.CharField(default="UTC", max_length=40)),
                ("body_hours", models.PositiveSmallIntegerField(default=24)),
                ("price_plan_id", models.UUIDField()),
                ("sends_max", models.PositiveIntegerField(default=5000)),
                ("created_at", models.DateTimeField(default=smsplatform.lib.clock.now)),
                ("closed_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "accounts_workspace",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("body_hours__gte", 1), ("body_hours__lte", 24)),
                        name="workspace_body_hours_tighten_only",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Membership",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=smsplatform.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
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
                ("created_at", models.DateTimeField(default=smsplatform.lib.clock.now)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="memberships",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="memberships", to="accounts.workspace"
                    ),
                ),
            ],
            options={
                "db_table": "accounts_membership",
                "constraints": [
                    models.UniqueConstraint(fields=("workspace", "id"), name="membership_workspace_id"),
                    models.UniqueConstraint(fields=("workspace", "user"), name="membership_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ApiKey",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=smsplatform.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=60)),
                ("livemode", models.BooleanField()),
                ("digest", models.BinaryField(max_length=32, unique=True)),
                ("last4", models.CharField(max_length=4)),
                (
                    "scopes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("messages:send", "Send and cancel messages"),
                                ("messages:read", "Read messages"),
                                ("messages:erase", "Redact and erase messages"),
                                ("webhooks:read", "Read webhook endpoints and deliveries"),
                                ("webhooks:write", "Manage webhook endpoints"),
                                ("billing:read", "Read balance and ledger"),
                            ],
                            max_length=24,
                        ),
                        default=list,
                        size=None,
                    ),
                ),
                (
                    "ip_ranges",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=43), blank=True, default=list, size=None
                    ),
                ),
                ("rate_max", models.PositiveIntegerField(default=2000)),
                ("day_max", models.PositiveIntegerField(null=True)),
                ("created_at", models.DateTimeField(default=smsplatform.lib.clock.now)),
                ("created_by", models.UUIDField(null=True)),
                ("expires_at", models.DateTimeField(null=True)),
                ("revoked_at", models.DateTimeField(null=True)),
                ("last_used_at", models.DateTimeField(null=True)),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="api_keys", to="accounts.workspace"
                    ),
                ),
            ],
            options={
                "db_table": "accounts_api_key",
                "constraints": [models.UniqueConstraint(fields=("workspace", "id"), name="api_key_workspace_id")],
            },
        ),
    ]
