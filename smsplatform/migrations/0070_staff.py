from django.db import migrations

from smsplatform.lib.tenancy import staff

UNDO = """
DROP FUNCTION tenancy.granted(integer), tenancy.enter_staff(text);
GRANT EXECUTE ON FUNCTION tenancy.enter(text), tenancy.workspace() TO sp_staff;
"""


class Migration(migrations.Migration):
    """The signed context of staff, before the first policy that asks for it."""

    dependencies = [("smsplatform", "0004_probes")]
    operations = [migrations.RunSQL(staff.SQL, reverse_sql=UNDO)]
