-- Giving up what waits to be sent in a workspace, or to one number there (p_to_idx), with its money back. What a worker
-- holds just now is left to it: `leased` says how many those are.
CREATE FUNCTION pipeline.stop(p_workspace uuid, p_to_idx bytea, p_error text, p_at timestamptz, p_limit integer)
RETURNS TABLE (stopped integer, leased integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline
AS $$
DECLARE
    waiting uuid[];
BEGIN
    IF p_to_idx IS NULL THEN
        SELECT array_agg(o.message_id) FILTER (WHERE o.state = 0), (count(*) FILTER (WHERE o.state = 1))::integer
        INTO waiting, leased
        FROM (SELECT q.message_id, q.state FROM messaging_outbox q
              WHERE q.workspace_id = p_workspace AND q.state IN (0, 1) ORDER BY q.state LIMIT p_limit FOR UPDATE) AS o;
    ELSE
        SELECT array_agg(o.message_id) FILTER (WHERE o.state = 0), (count(*) FILTER (WHERE o.state = 1))::integer
        INTO waiting, leased
        FROM (SELECT q.message_id, q.state FROM messaging_outbox q
              WHERE q.workspace_id = p_workspace AND q.state IN (0, 1) AND q.message_id IN (
                  SELECT m.id FROM messaging_message m WHERE m.workspace_id = p_workspace AND m.to_idx = p_to_idx)
              ORDER BY q.state LIMIT p_limit FOR UPDATE) AS o;
    END IF;
    stopped := coalesce(cardinality(waiting), 0);
    IF stopped > 0 THEN
        PERFORM pipeline.finish(waiting, array_fill('rejected'::text, ARRAY[stopped]),
                                array_fill(p_error, ARRAY[stopped]), p_at);
    END IF;
    RETURN NEXT;
END
$$;

REVOKE ALL ON FUNCTION pipeline.stop(uuid, bytea, text, timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pipeline.stop(uuid, bytea, text, timestamptz, integer) TO sp_system;
ALTER FUNCTION pipeline.stop(uuid, bytea, text, timestamptz, integer) OWNER TO sp_definer;
-- Ids of people in these tables are replaced when the person is erased.
GRANT UPDATE ON messaging_export, messaging_setup_hidden, messaging_idempotency_key, messaging_sender TO sp_definer;
