-- Notifications: the count of unread ones comes with the workspaces of a person, their mails are leased by a sweep.
DROP FUNCTION access.memberships(text);
CREATE FUNCTION access.memberships(p_token text) RETURNS TABLE (
    workspace_id uuid, name text, role text, require_second_factor boolean, time_zone text, unread integer
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    SELECT w.id, w.name, m.role, w.require_second_factor, w.time_zone,
           (SELECT count(*)::integer FROM (
               SELECT 1 FROM accounts_notification n WHERE n.workspace_id = w.id AND n.user_id = m.user_id
                 AND n.read_at IS NULL AND n.shown LIMIT 100) AS waiting)
    FROM accounts_membership m JOIN accounts_workspace w ON w.id = m.workspace_id
    WHERE m.user_id = tenancy.subject('u', p_token) AND w.closed_at IS NULL ORDER BY w.name, w.id
$$;

-- Take mails that are due until p_until: whoever dies with one leaves it to the next. A mail owed for a week is let go.
CREATE FUNCTION access.lease_notices(p_at timestamptz, p_until timestamptz, p_limit integer)
RETURNS TABLE (workspace_id uuid, id uuid)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    UPDATE accounts_notification n SET mail_due_at = p_until
    FROM (SELECT d.id FROM accounts_notification d
          WHERE d.mail_due_at <= p_at AND d.at > p_at - interval '7 days'
          ORDER BY d.mail_due_at LIMIT p_limit FOR UPDATE SKIP LOCKED) AS due
    WHERE n.id = due.id RETURNING n.workspace_id, n.id
$$;

-- Delete notifications from before p_before; how many.
CREATE FUNCTION access.purge_notices(p_before timestamptz, p_limit integer) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    WITH gone AS (
        DELETE FROM accounts_notification WHERE id IN (
            SELECT n.id FROM accounts_notification n WHERE n.at < p_before ORDER BY n.at LIMIT p_limit)
        RETURNING 1
    ) SELECT count(*)::integer FROM gone
$$;

REVOKE ALL ON FUNCTION access.memberships(text), access.lease_notices(timestamptz, timestamptz, integer),
    access.purge_notices(timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION access.memberships(text) TO sp_app;
GRANT EXECUTE ON FUNCTION access.lease_notices(timestamptz, timestamptz, integer),
    access.purge_notices(timestamptz, integer) TO sp_system;
ALTER FUNCTION access.memberships(text) OWNER TO sp_definer;
ALTER FUNCTION access.lease_notices(timestamptz, timestamptz, integer) OWNER TO sp_definer;
ALTER FUNCTION access.purge_notices(timestamptz, integer) OWNER TO sp_definer;
