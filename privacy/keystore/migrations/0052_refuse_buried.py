from pathlib import Path

from django.db import migrations, models

_SQL = (Path(__file__).parents[1] / "sql" / "buried.sql").read_text()
_BACK = "DROP TRIGGER refuse_buried ON keystore_key; DROP FUNCTION keystore_refuse_buried();"


class Migration(migrations.Migration):
    """The key store itself refuses keys of workspaces whose keys were destroyed."""

    dependencies = [("keystore", "0051_forgetting")]

    operations = [
        migrations.AddIndex(
            model_name="tombstone",
            index=models.Index(models.F("row_id"), name="tombstone_row"),
        ),
        migrations.RunSQL(_SQL, _BACK),
    ]
