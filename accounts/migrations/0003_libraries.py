from django.db import migrations

TABLES = "django_session"


class Migration(migrations.Migration):
    """Sessions are kept in a table of a library, which grants nothing to anybody by itself."""

    dependencies = [("accounts", "0002_isolation"), ("sessions", "0001_initial")]
    operations = [
        migrations.RunSQL(
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON {TABLES} TO sp_app",
            reverse_sql=f"REVOKE ALL ON {TABLES} FROM sp_app",
        )
    ]
