-- What staff and the system need of support threads over all workspaces at once. None of it holds a word of a customer.

-- The queue: whose turn it is, since when, and who has taken it. Questions that wait for support come first, the oldest
-- first; resolved ones only where p_state asks for them.
CREATE FUNCTION access.support_queue(p_state text, p_since timestamptz, p_limit integer) RETURNS TABLE (
    workspace uuid, name text, number text, topic text, state text, opened_at timestamptz, asked_at timestamptz,
    last_at timestamptz, assigned_to uuid
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    SELECT t.workspace_id, w.name, t.number, t.topic, t.state, t.opened_at, t.asked_at, t.last_at, t.assigned_to
    FROM accounts_support_thread t JOIN accounts_workspace w ON w.id = t.workspace_id
    WHERE t.state = p_state AND (t.resolved_at IS NULL OR t.resolved_at > p_since) AND w.closed_at IS NULL
    ORDER BY t.asked_at, t.last_at DESC LIMIT p_limit
$$;

-- Whose ticket this is, and in which state: what the register of tickets answers when staff ask for access.
CREATE FUNCTION access.support_ticket(p_number text) RETURNS TABLE (workspace uuid, state text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$ SELECT t.workspace_id, t.state FROM accounts_support_thread t WHERE t.number = p_number $$;

-- Delete threads resolved before p_before, with their entries; how many.
CREATE FUNCTION access.purge_support(p_before timestamptz, p_limit integer) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    WITH gone AS (
        DELETE FROM accounts_support_thread WHERE id IN (
            SELECT t.id FROM accounts_support_thread t
            WHERE t.resolved_at < p_before ORDER BY t.resolved_at LIMIT p_limit)
        RETURNING 1
    ) SELECT count(*)::integer FROM gone
$$;

REVOKE ALL ON FUNCTION access.support_queue(text, timestamptz, integer), access.support_ticket(text),
    access.purge_support(timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION access.support_queue(text, timestamptz, integer), access.support_ticket(text) TO sp_staff;
GRANT EXECUTE ON FUNCTION access.purge_support(timestamptz, integer) TO sp_system;
ALTER FUNCTION access.support_queue(text, timestamptz, integer) OWNER TO sp_definer;
ALTER FUNCTION access.support_ticket(text) OWNER TO sp_definer;
ALTER FUNCTION access.purge_support(timestamptz, integer) OWNER TO sp_definer;
