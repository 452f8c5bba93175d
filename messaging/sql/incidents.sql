-- An event for every enabled endpoint of the caller's workspace that asked for its type; how many.
CREATE FUNCTION pipeline.tell_endpoints(p_token text, p_event uuid, p_type text, p_at timestamptz) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline
AS $$
    WITH told AS (
        INSERT INTO messaging_delivery
            (id, workspace_id, endpoint_id, event_id, type, occurred_at, state, attempts, due_at)
        SELECT pipeline.uuid7(p_at), e.workspace_id, e.id, p_event, p_type, p_at, 'pending', 0, p_at
        FROM messaging_webhook_endpoint e
        WHERE e.workspace_id = tenancy.subject('w', p_token) AND e.enabled AND p_type = ANY (e.types)
        RETURNING 1
    ) SELECT count(*)::integer FROM told
$$;

-- How the deliveries of these events went, over all workspaces: states and counts.
CREATE FUNCTION pipeline.deliveries_of_events(p_events uuid[]) RETURNS TABLE (state text, found bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pipeline
AS $$
    SELECT d.state::text, count(*) FROM messaging_delivery d WHERE d.event_id = ANY (p_events) GROUP BY d.state
$$;
REVOKE ALL ON FUNCTION pipeline.tell_endpoints(text, uuid, text, timestamptz), pipeline.deliveries_of_events(uuid[])
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pipeline.tell_endpoints(text, uuid, text, timestamptz) TO sp_app;
GRANT EXECUTE ON FUNCTION pipeline.deliveries_of_events(uuid[]) TO sp_system;
ALTER FUNCTION pipeline.tell_endpoints(text, uuid, text, timestamptz) OWNER TO sp_definer;
ALTER FUNCTION pipeline.deliveries_of_events(uuid[]) OWNER TO sp_definer;
