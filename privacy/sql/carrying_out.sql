-- Tickets that were agreed to and wait to be carried out, the oldest first. Across workspaces.
GRANT CREATE ON SCHEMA privacy TO sp_definer;
CREATE FUNCTION privacy.tickets_accepted(p_limit integer) RETURNS TABLE (id uuid, workspace_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    SELECT t.id, t.workspace_id FROM privacy_request_ticket t
    WHERE t.state = 'accepted' ORDER BY t.decided_at LIMIT p_limit
$$;
REVOKE ALL ON FUNCTION privacy.tickets_accepted(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION privacy.tickets_accepted(integer) TO sp_system;
ALTER FUNCTION privacy.tickets_accepted(integer) OWNER TO sp_definer;
REVOKE CREATE ON SCHEMA privacy FROM sp_definer;
