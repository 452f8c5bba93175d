from pathlib import Path

from django.db import migrations

CLOSING = (Path(__file__).parent.parent / "sql" / "closing.sql").read_text()


class Migration(migrations.Migration):
    """Taking a closed workspace apart."""

    dependencies = [("accounts", "0008_tokens")]
    operations = [migrations.RunSQL(CLOSING, reverse_sql=migrations.RunSQL.noop)]
