from pathlib import Path

from django.db import migrations

OWNER = (Path(__file__).parent.parent / "sql" / "owner.sql").read_text()
FUNCTIONS = "pipeline.cancel, pipeline.redact, pipeline.erase"
RIGHTS = """
REVOKE ALL ON FUNCTION pipeline.cancel, pipeline.redact, pipeline.erase FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pipeline.cancel, pipeline.redact, pipeline.erase TO sp_app;
ALTER FUNCTION pipeline.cancel OWNER TO sp_definer;
ALTER FUNCTION pipeline.redact OWNER TO sp_definer;
ALTER FUNCTION pipeline.erase OWNER TO sp_definer;
"""


class Migration(migrations.Migration):
    """Redacting or erasing a message also removes the text that a debugging window kept of it."""

    dependencies = [("messaging", "0013_bodies_ahead")]
    operations = [
        migrations.RunSQL(f"DROP FUNCTION {FUNCTIONS}", reverse_sql=migrations.RunSQL.noop),
        migrations.RunSQL(OWNER, reverse_sql=migrations.RunSQL.noop),
        migrations.RunSQL(RIGHTS, reverse_sql=migrations.RunSQL.noop),
    ]
