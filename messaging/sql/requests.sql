-- Tell endpoints that asked for it, of either mode, of a request about somebody's data. Its event has the ticket's id.
CREATE FUNCTION pipeline.emit_privacy_request(p_token text, p_ticket uuid, p_at timestamptz) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline
AS $$
    WITH told AS (
        INSERT INTO messaging_delivery (id, workspace_id, endpoint_id, event_id, type, occurred_at, state, attempts, due_at)
        SELECT pipeline.uuid7(p_at), e.workspace_id, e.id, p_ticket, 'privacy_request.created', p_at, 'pending', 0, p_at
        FROM messaging_webhook_endpoint e
        WHERE e.workspace_id = tenancy.subject('w', p_token) AND e.enabled AND 'privacy_request.created' = ANY (e.types)
        RETURNING 1
    ) SELECT count(*)::integer FROM told
$$;
REVOKE ALL ON FUNCTION pipeline.emit_privacy_request(text, uuid, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pipeline.emit_privacy_request(text, uuid, timestamptz) TO sp_app;
ALTER FUNCTION pipeline.emit_privacy_request(text, uuid, timestamptz) OWNER TO sp_definer;
