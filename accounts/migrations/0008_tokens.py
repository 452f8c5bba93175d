from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import privacy.ciphers
import smsplatform.lib.clock
import smsplatform.lib.ids
from smsplatform.lib.tenancy.operations import Grant, Isolate

TOKENS = (Path(__file__).parent.parent / "sql" / "tokens.sql").read_text()


class Migration(migrations.Migration):
    """Refresh tokens, and the keys that sign access tokens."""

    dependencies = [
        ("accounts", "0007_confirmed"),
    ]

    operations = [
        migrations.CreateModel(
            name="SigningKey",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=smsplatform.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("public_pem", models.TextField()),
                ("private_pem", privacy.ciphers.EncryptedField(purpose="secrets", workspace=None)),
                ("created_at", models.DateTimeField(default=smsplatform.lib.clock.now)),
                ("retired_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "accounts_signing_key",
            },
        ),
        migrations.CreateModel(
            name="RefreshToken",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=smsplatform.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("family", models.UUIDField()),
                ("digest", models.BinaryField(max_length=32, unique=True)),
                ("livemode", models.BooleanField()),
                ("created_at", models.DateTimeField(default=smsplatform.lib.clock.now)),
                ("expires_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(null=True)),
                ("revoked_at", models.DateTimeField(null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="refresh_tokens",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="refresh_tokens",
                        to="accounts.workspace",
                    ),
                ),
            ],
            options={
                "db_table": "accounts_refresh_token",
                "indexes": [
                    models.Index(models.F("family"), name="refresh_token_family"),
                    models.Index(models.F("expires_at"), name="refresh_token_expiry"),
                ],
                "constraints": [models.UniqueConstraint(fields=("workspace", "id"), name="refresh_token_workspace_id")],
            },
        ),
        Grant("SigningKey", rights={"app": "select, insert, update", "system": "select, delete"}),
        Isolate("RefreshToken", rights={"app": "select, insert, update", "definer": "select, update, delete"}),
        Grant("User", rights={"definer": "select (id, is_active)"}),
        migrations.RunSQL(TOKENS, reverse_sql=migrations.RunSQL.noop),
    ]
