from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

import smsplatform.lib.clock
import smsplatform.lib.ids
from smsplatform.lib.tenancy.operations import Isolate

WISHES = (Path(__file__).parent.parent / "sql" / "closing_wishes.sql").read_text()


class Migration(migrations.Migration):
    """Closing a workspace is confirmed a second time, by mail."""

    dependencies = [
        ("accounts", "0080_withheld_grants"),
    ]

    operations = [
        migrations.CreateModel(
            name="ClosingWish",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=smsplatform.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("asked_by", models.UUIDField()),
                (
                    "when",
                    models.CharField(
                        choices=[
                            ("grace", "After the time of grace"),
                            ("cool_off", "After a time to think"),
                            ("now", "Now"),
                        ],
                        max_length=8,
                    ),
                ),
                ("asked_at", models.DateTimeField(default=smsplatform.lib.clock.now)),
                (
                    "workspace",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="closing_wish",
                        to="accounts.workspace",
                    ),
                ),
            ],
            options={
                "db_table": "accounts_closing_wish",
                "indexes": [models.Index(models.F("asked_at"), name="closing_wish_asked")],
                "constraints": [models.UniqueConstraint(fields=("workspace", "id"), name="closing_wish_workspace_id")],
            },
        ),
        Isolate("ClosingWish", rights={"app": "select, insert, delete", "system": "select, delete"}),
        migrations.RunSQL(WISHES, reverse_sql=migrations.RunSQL.noop),
    ]
