from django.db import migrations, models

import smsplatform.lib.ids
from smsplatform.lib.tenancy.operations import Isolate

# Erasing somebody empties their tickets.
UPDATE = "GRANT UPDATE ON privacy_request_ticket TO sp_definer"


class Migration(migrations.Migration):
    """Erasures that a hold stopped are remembered, holds are reminded of, and tickets are found by their number."""

    dependencies = [("privacy", "0093_disclosures_and_abuse")]

    operations = [
        migrations.CreateModel(
            name="StoppedErasure",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=smsplatform.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("erasure_id", models.UUIDField()),
                ("workspace_id", models.UUIDField()),
                ("subject", models.CharField(max_length=20)),
                ("number_idx", models.BinaryField(max_length=16, null=True)),
                ("user_id", models.UUIDField(null=True)),
                ("left", models.JSONField(default=dict)),
                ("begun_at", models.DateTimeField()),
                ("tried_at", models.DateTimeField()),
            ],
            options={
                "db_table": "privacy_stopped_erasure",
                "indexes": [models.Index(models.F("workspace_id"), name="stopped_erasure_place")],
                "constraints": [
                    models.UniqueConstraint(fields=("erasure_id", "workspace_id"), name="stopped_erasure_once"),
                    models.CheckConstraint(
                        condition=models.Q(("number_idx__isnull", False), ("user_id__isnull", False), _connector="XOR"),
                        name="stopped_erasure_of_one",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="hold",
            name="reminded",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="requestticket",
            name="msisdn_idx",
            field=models.BinaryField(editable=False, max_length=16, null=True),
        ),
        migrations.AddIndex(
            model_name="hold",
            index=models.Index(
                models.F("workspace_id"),
                models.F("released_at"),
                condition=models.Q(("released_at__isnull", False)),
                name="hold_released",
            ),
        ),
        migrations.AddIndex(
            model_name="requestticket",
            index=models.Index(models.F("workspace_id"), models.F("msisdn_idx"), name="ticket_number"),
        ),
        Isolate("StoppedErasure", rights={"system": "select, insert, update, delete"}),
        migrations.RunSQL(UPDATE, reverse_sql=migrations.RunSQL.noop),
    ]
