import datetime
from pathlib import Path

import django.contrib.postgres.fields
import django.db.models.expressions
from django.db import migrations, models

import privacy.ciphers
import smsplatform.lib.ids
from smsplatform.lib.tenancy.operations import Isolate

HOLDS = (Path(__file__).parent.parent / "sql" / "holds.sql").read_text()


class Migration(migrations.Migration):
    """Holds, which the web role does not see, and debugging windows."""

    dependencies = [
        ("privacy", "0061_incidents"),
    ]

    operations = [
        migrations.CreateModel(
            name="DebugWindow",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=smsplatform.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("workspace_id", models.UUIDField()),
                ("opened_by", models.UUIDField()),
                ("opened_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
                ("kept_until_id", models.UUIDField(null=True)),
            ],
            options={
                "db_table": "privacy_window",
                "indexes": [models.Index(models.F("workspace_id"), models.F("ends_at"), name="window_open")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ends_at__gt", models.F("opened_at")),
                            (
                                "ends_at__lte",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("opened_at"), "+", models.Value(datetime.timedelta(days=30))
                                ),
                            ),
                        ),
                        name="window_bounded",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Hold",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=smsplatform.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("workspace_id", models.UUIDField()),
                (
                    "basis",
                    models.CharField(
                        choices=[("investigation", "Investigation of fraud or abuse"), ("legal_order", "Lawful order")],
                        max_length=13,
                    ),
                ),
                (
                    "units",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), size=None),
                ),
                (
                    "message_ids",
                    django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None),
                ),
                ("document", privacy.ciphers.EncryptedField(null=True, purpose="account", workspace=None)),
                ("reason", privacy.ciphers.EncryptedField(purpose="account", workspace=None)),
                ("owner_id", models.UUIDField()),
                ("opened_at", models.DateTimeField()),
                ("reviewed_at", models.DateTimeField()),
                ("review_at", models.DateTimeField()),
                ("released_at", models.DateTimeField(null=True)),
                ("released_by", models.UUIDField(null=True)),
                ("release_reason", privacy.ciphers.EncryptedField(null=True, purpose="account", workspace=None)),
                ("kept_until_id", models.UUIDField(null=True)),
            ],
            options={
                "db_table": "privacy_hold",
                "indexes": [
                    models.Index(
                        models.F("workspace_id"), condition=models.Q(("released_at", None)), name="hold_standing"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "review_at__lte",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("reviewed_at"), "+", models.Value(datetime.timedelta(days=90))
                                ),
                            )
                        ),
                        name="hold_reviewed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("basis", "legal_order"), _negated=True),
                            ("document__isnull", False),
                            _connector="OR",
                        ),
                        name="hold_order_named",
                    ),
                ],
            },
        ),
        Isolate("Hold", rights={"system": "select, insert, update"}),
        Isolate("DebugWindow", rights={"app": "select, insert, update", "system": "select, update, delete"}),
        migrations.RunSQL(HOLDS, reverse_sql="DROP FUNCTION privacy.holds, privacy.holds_any"),
    ]
