-- What workspaces decided about a request, with their names, for the person who asked: a reader of many workspaces, by
-- the id of a request that only its person and the desk know.
GRANT CREATE ON SCHEMA privacy TO sp_definer;
GRANT USAGE ON SCHEMA privacy TO sp_app;

CREATE FUNCTION privacy.tickets_of(p_request uuid) RETURNS TABLE (
    id uuid, workspace_id uuid, name text, state text, due_at timestamptz, decided_at timestamptz, reason bytea
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    SELECT t.id, t.workspace_id, w.name::text, t.state::text, t.due_at, t.decided_at, t.reason
    FROM privacy_request_ticket t JOIN accounts_workspace w ON w.id = t.workspace_id
    WHERE t.request_id = p_request ORDER BY w.name, t.id
$$;

-- Tickets nobody decided, by how many reminders they had: what the watch reminds of. Across workspaces.
CREATE FUNCTION privacy.tickets_due(p_before timestamptz, p_limit integer) RETURNS TABLE (
    id uuid, workspace_id uuid
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    SELECT t.id, t.workspace_id FROM privacy_request_ticket t
    WHERE t.state = 'open' AND t.due_at < p_before AND t.reminded = 0 ORDER BY t.due_at LIMIT p_limit
$$;

REVOKE ALL ON FUNCTION privacy.tickets_of(uuid), privacy.tickets_due(timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION privacy.tickets_of(uuid) TO sp_app, sp_system;
GRANT EXECUTE ON FUNCTION privacy.tickets_due(timestamptz, integer) TO sp_system;
ALTER FUNCTION privacy.tickets_of(uuid) OWNER TO sp_definer;
ALTER FUNCTION privacy.tickets_due(timestamptz, integer) OWNER TO sp_definer;
REVOKE CREATE ON SCHEMA privacy FROM sp_definer;
