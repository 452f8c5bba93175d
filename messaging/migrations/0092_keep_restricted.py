from pathlib import Path

from django.db import migrations, models

RESTRICTED = (Path(__file__).parent.parent / "sql" / "restricted.sql").read_text()


class Migration(migrations.Migration):
    """What is restricted is stored beyond its time, until the restriction is lifted."""

    dependencies = [("messaging", "0091_processors")]
    operations = [
        migrations.AddIndex(
            model_name="suppression",
            index=models.Index(
                models.F("workspace"),
                models.F("to_idx"),
                condition=models.Q(("reason", "restriction")),
                name="suppression_restricted",
            ),
        ),
        migrations.RunSQL(RESTRICTED, reverse_sql=migrations.RunSQL.noop),
    ]
