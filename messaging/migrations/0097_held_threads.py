from django.db import migrations

# A hold keeps the keys of its workspace as well, without which nothing it keeps can be read: its erasure waits.
HELD = """
DROP FUNCTION access.closings_due(timestamptz);
CREATE FUNCTION access.closings_due(p_at timestamptz) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    SELECT w.id FROM accounts_workspace w
    WHERE w.erase_at <= p_at AND w.erased_at IS NULL AND NOT privacy.holds('delivery metadata', w.id, NULL)
      AND NOT privacy.holds('support threads', w.id, NULL)
    ORDER BY w.erase_at
$$;
REVOKE ALL ON FUNCTION access.closings_due(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION access.closings_due(timestamptz) TO sp_system;
ALTER FUNCTION access.closings_due(timestamptz) OWNER TO sp_definer;
"""


class Migration(migrations.Migration):
    """A workspace whose support threads are held is not erased before the hold is released."""

    dependencies = [("accounts", "0084_held_threads"), ("messaging", "0096_cap_at_acceptance")]
    operations = [migrations.RunSQL(HELD, reverse_sql=migrations.RunSQL.noop)]
