from django.db import migrations

GRANT = "GRANT UPDATE ON accounts_api_key, accounts_invitation, accounts_join_request TO sp_definer"


class Migration(migrations.Migration):
    """The worker of erasures takes the ids of people out of what they made for a workspace."""

    dependencies = [("accounts", "0015_promises")]
    operations = [migrations.RunSQL(GRANT, reverse_sql=migrations.RunSQL.noop)]
