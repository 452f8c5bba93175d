from django.db import migrations

# A purge takes the oldest rows and asks of each whether it is held or restricted. A plan that sorts instead of walking
# the index asks it of every old row there is, for a batch of five hundred.
ORDERED = """
SET LOCAL ROLE sp_definer;
DO $$
DECLARE
    routine regprocedure;
BEGIN
    FOR routine IN
        SELECT p.oid::regprocedure FROM pg_proc p
        WHERE p.pronamespace = 'pipeline'::regnamespace AND p.proname LIKE 'purge\\_%'
    LOOP
        EXECUTE format('ALTER FUNCTION %s SET enable_sort = off', routine);
        EXECUTE format('ALTER FUNCTION %s SET enable_bitmapscan = off', routine);
    END LOOP;
END
$$;
RESET ROLE;
"""


class Migration(migrations.Migration):
    """What a batch of a purge costs no longer hangs on statistics."""

    dependencies = [("messaging", "0102_replay_waiting")]
    operations = [migrations.RunSQL(ORDERED, reverse_sql=migrations.RunSQL.noop)]
