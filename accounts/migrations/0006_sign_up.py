from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import privacy.ciphers
import smsplatform.lib.clock
import smsplatform.lib.ids
from smsplatform.lib.tenancy.operations import Grant

SIGN_UP = (Path(__file__).parent.parent / "sql" / "signup.sql").read_text()
ALL = "select, insert, update, delete"


class Migration(migrations.Migration):
    """Signing up by oneself, sessions that say whose they are, devices known, changes of address."""

    dependencies = [
        ("accounts", "0005_key_limits"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="age_attested_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="user",
            name="company",
            field=privacy.ciphers.EncryptedField(null=True, purpose="account", workspace=None),
        ),
        migrations.AddField(
            model_name="user",
            name="email_confirmed_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="user",
            name="locale",
            field=models.CharField(blank=True, default="", max_length=8),
        ),
        migrations.AddField(
            model_name="user",
            name="phone",
            field=privacy.ciphers.EncryptedField(null=True, purpose="account", workspace=None),
        ),
        migrations.AddField(
            model_name="user",
            name="policy_seen_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="user",
            name="policy_version",
            field=models.CharField(blank=True, default="", max_length=20),
        ),
        migrations.AddField(
            model_name="user",
            name="time_zone",
            field=models.CharField(blank=True, default="", max_length=40),
        ),
        migrations.AddField(
            model_name="user",
            name="workspace_wanted",
            field=models.CharField(blank=True, default="", max_length=80),
        ),
        migrations.CreateModel(
            name="Session",
            fields=[
                (
                    "session_key",
                    models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="session key"),
                ),
                ("session_data", models.TextField(verbose_name="session data")),
                ("expire_date", models.DateTimeField(db_index=True, verbose_name="expire date")),
                ("device", models.CharField(blank=True, default="", max_length=40)),
                ("started_at", models.DateTimeField(default=smsplatform.lib.clock.now)),
                ("seen_at", models.DateTimeField(default=smsplatform.lib.clock.now)),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sessions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "session",
                "verbose_name_plural": "sessions",
                "db_table": "accounts_session",
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="EmailChange",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=smsplatform.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("email", privacy.ciphers.EncryptedField(purpose="account", workspace=None)),
                ("email_idx", models.BinaryField(max_length=16)),
                ("asked_at", models.DateTimeField()),
                ("old_confirmed_at", models.DateTimeField(null=True)),
                ("new_confirmed_at", models.DateTimeField(null=True)),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="email_change",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "accounts_email_change",
                "indexes": [models.Index(models.F("asked_at"), name="email_change_asked")],
            },
        ),
        migrations.CreateModel(
            name="KnownDevice",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=smsplatform.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("digest", models.BinaryField(max_length=16)),
                ("seen_at", models.DateTimeField()),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="known_devices",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "accounts_known_device",
                "indexes": [models.Index(models.F("seen_at"), name="known_device_seen")],
                "constraints": [models.UniqueConstraint(fields=("user", "digest"), name="known_device_once")],
            },
        ),
        Grant("Session", rights={"app": ALL}),
        Grant("EmailChange", rights={"app": ALL}),
        Grant("KnownDevice", rights={"app": ALL}),
        migrations.RunSQL(
            SIGN_UP, reverse_sql="DROP FUNCTION IF EXISTS access.purge_unconfirmed(timestamptz, integer)"
        ),
    ]
