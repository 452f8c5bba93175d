from pathlib import Path

from django.db import migrations

APPS = (Path(__file__).parent.parent / "sql" / "apps.sql").read_text()


class Migration(migrations.Migration):
    dependencies = [("accounts", "0013_staff_roles")]
    operations = [migrations.RunSQL(APPS, reverse_sql="DROP FUNCTION access.apps(text, timestamptz)")]
