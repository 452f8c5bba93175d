from django.db import migrations, models

import smsplatform.lib.ids
from smsplatform.lib.tenancy.operations import Grant


class Migration(migrations.Migration):
    """What the status page is made of."""

    dependencies = [
        ("smsplatform", "0003_closing"),
    ]

    operations = [
        migrations.CreateModel(
            name="Probe",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=smsplatform.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("at", models.DateTimeField()),
                ("part", models.SlugField(max_length=20)),
                ("ok", models.BooleanField()),
                ("value", models.FloatField(null=True)),
            ],
            options={
                "db_table": "smsplatform_probe",
                "indexes": [models.Index(models.F("at"), name="probe_age")],
            },
        ),
        Grant("Probe", rights={"app": "select", "system": "select, insert, delete"}),
    ]
