from django.db import migrations

READABLE = """
SET LOCAL ROLE sp_definer;
CREATE OR REPLACE FUNCTION pipeline.readable_from(p_at timestamptz, p_days integer) RETURNS uuid
LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    SELECT pipeline.floor(p_at - make_interval(days => least(p_days, (
        SELECT w.metadata_days FROM accounts_workspace w
        WHERE w.id = CASE WHEN nullif(current_setting('tenancy.staff', true), '') IS NULL THEN tenancy.workspace()
                          ELSE tenancy.granted(1) END))))
$$;
RESET ROLE;
ALTER POLICY sp_staff ON messaging_suppression USING (workspace_id = (SELECT tenancy.granted(1)));
"""


class Migration(migrations.Migration):
    """What a workspace keeps for fewer days, staff read for fewer days; whom it may not use, they do not list."""

    dependencies = [("messaging", "0071_suspension"), ("smsplatform", "0071_staff_reads")]
    operations = [migrations.RunSQL(READABLE, reverse_sql=migrations.RunSQL.noop)]
