from django.db import migrations

from smsplatform.lib.tenancy import staff_reads


class Migration(migrations.Migration):
    """What staff may read of a workspace under a grant: a policy on each table, and no table without one."""

    dependencies = [
        ("smsplatform", "0070_staff"),
        ("accounts", "0070_staff_access"),
        ("billing", "0002_prices"),
        ("messaging", "0010_told_when_disabled"),
    ]
    operations = [
        migrations.RunSQL(";\n".join(staff_reads.statements()), reverse_sql=migrations.RunSQL.noop),
    ]
