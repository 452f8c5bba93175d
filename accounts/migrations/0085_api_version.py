from pathlib import Path

from django.db import migrations, models

import smsplatform.lib.api.versions

SQL = (Path(__file__).parent.parent / "sql" / "api_version.sql").read_text()


class Migration(migrations.Migration):
    """A key keeps the version of the API that it was made with; those made before have the first."""

    dependencies = [
        ("accounts", "0084_held_threads"),
    ]

    operations = [
        migrations.AddField(
            model_name="apikey",
            name="api_version",
            field=models.CharField(default="2026-11-01", max_length=10),
        ),
        migrations.AlterField(
            model_name="apikey",
            name="api_version",
            field=models.CharField(default=smsplatform.lib.api.versions.newest, max_length=10),
        ),
        migrations.RunSQL(SQL, reverse_sql=migrations.RunSQL.noop),
    ]
