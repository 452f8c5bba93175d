import datetime
from pathlib import Path

import django.db.models.expressions
from django.db import migrations, models

import privacy.ciphers
import smsplatform.lib.ids
from smsplatform.lib.tenancy.operations import Isolate

SQL = (Path(__file__).parent.parent / "sql" / "silence.sql").read_text()
UNDO = """
    DROP TRIGGER refuse_longer ON privacy_disclosure;
    DROP FUNCTION privacy.refuse_longer(), privacy.silent(timestamptz, text, timestamptz);
"""


class Migration(migrations.Migration):
    """Silence about a demand that lasts longer than it began with, or ends earlier."""

    dependencies = [
        ("privacy", "0095_oldest"),
    ]

    operations = [
        migrations.CreateModel(
            name="DisclosureBar",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=smsplatform.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("workspace_id", models.UUIDField()),
                ("disclosure_id", models.UUIDField()),
                ("was_until", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("law", privacy.ciphers.EncryptedField(null=True, purpose="account", workspace=None)),
                ("document", privacy.ciphers.EncryptedField(null=True, purpose="account", workspace=None)),
                ("asked_by", models.UUIDField()),
                ("asked_at", models.DateTimeField()),
                ("decided_by", models.UUIDField(null=True)),
                ("decided_at", models.DateTimeField(null=True)),
                ("agreed", models.BooleanField(null=True)),
            ],
            options={
                "db_table": "privacy_disclosure_bar",
                "indexes": [models.Index(models.F("disclosure_id"), models.F("id"), name="bars_of_disclosure")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "until__lte",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("asked_at"), "+", models.Value(datetime.timedelta(days=365))
                                ),
                            )
                        ),
                        name="bar_within_a_year",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("until__lt", models.F("was_until")),
                            models.Q(("document__isnull", False), ("law__isnull", False)),
                            _connector="OR",
                        ),
                        name="bar_longer_is_named",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("until__lt", models.F("was_until")),
                            ("agreed", None),
                            ("agreed", False),
                            models.Q(
                                ("decided_by__isnull", False),
                                models.Q(("decided_by", models.F("asked_by")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="bar_longer_by_two",
                    ),
                    models.UniqueConstraint(
                        models.F("disclosure_id"), condition=models.Q(("decided_at", None)), name="bar_asked_once"
                    ),
                ],
            },
        ),
        Isolate("DisclosureBar", rights={"system": "select, insert, update, delete", "audit": "select"}),
        migrations.RunSQL(SQL, reverse_sql=UNDO),
    ]
