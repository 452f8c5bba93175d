from django.db import migrations, models

import privacy.ciphers
import smsplatform.lib.ids
from smsplatform.lib.tenancy.operations import Grant

ALL = "select, insert, update, delete"


class Migration(migrations.Migration):
    """What a request is about beyond its kind, and objections to single activities."""

    dependencies = [("privacy", "0091_reminding")]

    operations = [
        migrations.CreateModel(
            name="Objection",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=smsplatform.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("person_id", models.UUIDField()),
                ("activity", models.CharField(max_length=24)),
                ("since", models.DateTimeField()),
                ("lifted_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "privacy_objection",
            },
        ),
        migrations.AddField(
            model_name="datarequest",
            name="activity",
            field=models.CharField(blank=True, default="", max_length=24),
        ),
        migrations.AddField(
            model_name="datarequest",
            name="consent_id",
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name="datarequest",
            name="field",
            field=models.CharField(blank=True, default="", max_length=60),
        ),
        migrations.AddField(
            model_name="datarequest",
            name="value",
            field=privacy.ciphers.EncryptedField(null=True, purpose="account", workspace=None),
        ),
        migrations.AddIndex(
            model_name="datarequest",
            index=models.Index(
                models.F("consent_id"), condition=models.Q(("consent_id__isnull", False)), name="request_consent"
            ),
        ),
        migrations.AddIndex(
            model_name="objection",
            index=models.Index(models.F("person_id"), condition=models.Q(("lifted_at", None)), name="objection_person"),
        ),
        Grant("Objection", rights={"app": ALL, "system": "select"}),
    ]
