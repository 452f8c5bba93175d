from django.db import migrations

from billing import sql

MONTHS_BEHIND, MONTHS = 2, 15


class Migration(migrations.Migration):
    """The ledger: accounts, transfers by month, and the functions that alone may write them."""

    initial = True
    dependencies = [("smsplatform", "0001_tenancy")]
    operations = [
        migrations.RunSQL(
            "\n".join(sql.read(name) for name in ("tables", "post", "rights")),
            reverse_sql="DROP SCHEMA ledger CASCADE",
        ),
        migrations.RunSQL(
            f"SELECT ledger.ensure_partitions((current_date - interval '{MONTHS_BEHIND} months')::date, {MONTHS})",
            reverse_sql=migrations.RunSQL.noop,
        ),
    ]
