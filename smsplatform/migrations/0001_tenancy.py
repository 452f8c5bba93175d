from django.db import migrations

from smsplatform.lib.tenancy import context


class Migration(migrations.Migration):
    """The signed workspace context, before the first table that needs it."""

    initial = True
    dependencies = []
    operations = [migrations.RunSQL(context.SQL, reverse_sql="DROP SCHEMA tenancy CASCADE")]
