from django.db import migrations, models

from smsplatform.lib import ids
from smsplatform.lib.tenancy.operations import Grant


class Migration(migrations.Migration):
    """What the operator tells every customer."""

    dependencies = [("smsplatform", "0071_staff_reads")]
    operations = [
        migrations.CreateModel(
            name="Announcement",
            fields=[
                ("id", models.UUIDField(default=ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "tone",
                    models.CharField(
                        choices=[("info", "Information"), ("warn", "Warning"), ("bad", "Incident")],
                        default="info",
                        max_length=4,
                    ),
                ),
                ("title", models.CharField(max_length=120)),
                ("text", models.CharField(max_length=1000)),
                ("title_de", models.CharField(blank=True, default="", max_length=120)),
                ("text_de", models.CharField(blank=True, default="", max_length=1000)),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField()),
                ("created_by", models.UUIDField()),
            ],
            options={
                "db_table": "smsplatform_announcement",
                "indexes": [models.Index("starts_at", name="announcement_start")],
            },
        ),
        Grant(
            "Announcement",
            rights={"app": "select", "system": "select, insert, update (ends_at), delete", "staff": "select"},
        ),
    ]
