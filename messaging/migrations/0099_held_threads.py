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

PURGE = """
DROP FUNCTION access.purge_support(timestamptz, integer);

-- Delete threads resolved before p_before that no hold keeps, with their entries; how many.
CREATE FUNCTION access.purge_support(p_before timestamptz, p_limit integer) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    WITH gone AS (
        DELETE FROM accounts_support_thread WHERE id IN (
            SELECT t.id FROM accounts_support_thread t
            WHERE t.resolved_at < p_before AND NOT privacy.holds('support threads', t.workspace_id, NULL)
            ORDER BY t.resolved_at LIMIT p_limit)
        RETURNING 1
    ) SELECT count(*)::integer FROM gone
$$;
REVOKE ALL ON FUNCTION access.purge_support(timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION access.purge_support(timestamptz, integer) TO sp_system;
ALTER FUNCTION access.purge_support(timestamptz, integer) OWNER TO sp_definer;
"""


class Migration(migrations.Migration):
    """Support threads outlive their time while a hold keeps them, and so does their workspace."""

    dependencies = [("accounts", "0084_held_threads"), ("messaging", "0098_key_watch")]
    operations = [
        migrations.RunSQL(HELD, reverse_sql=migrations.RunSQL.noop),
        migrations.RunSQL(PURGE, reverse_sql=migrations.RunSQL.noop),
    ]
