-- The same as in emit.sql, and what the workspace itself wants to hear: everything, or failures only. Endpoints choose
-- among what is left.
SET LOCAL ROLE sp_definer;
CREATE OR REPLACE FUNCTION pipeline.emit(
    p_id uuid[], p_workspace uuid[], p_livemode boolean[], p_callback uuid[], p_type text[], p_error text[], p_at timestamptz
) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline
SET enable_seqscan = off SET enable_nestloop = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan
AS $$
    INSERT INTO messaging_delivery (id, workspace_id, endpoint_id, event_id, message_id, type, error, occurred_at, state,
                                    attempts, due_at)
    SELECT pipeline.delivery_id(lpad(to_hex((extract(epoch FROM p_at) * 1000)::bigint), 12, '0'), m.type,
                                m.id::text || m.type || e.id::text),
           m.workspace, e.id, md5(m.id::text || m.type)::uuid, m.id, m.type, m.error, p_at,
           'pending', 0, p_at
    FROM unnest(p_id, p_workspace, p_livemode, p_callback, p_type, p_error)
         AS m(id, workspace, livemode, callback, type, error)
    JOIN messaging_webhook_endpoint e ON e.workspace_id = m.workspace
    JOIN accounts_workspace w ON w.id = m.workspace
    WHERE m.type IS NOT NULL AND e.enabled AND e.workspace_id = ANY (p_workspace) AND w.id = ANY (p_workspace)
      AND (w.receipts = 'all' OR m.type = ANY (ARRAY['message.undelivered', 'message.failed', 'message.rejected',
               'message.expired']))
      AND ((e.id = m.callback AND m.type <> ALL (ARRAY['message.queued', 'message.submitted', 'message.rerouted',
               'message.redacted']))
           OR (e.livemode = m.livemode AND m.type = ANY (e.types)))
    -- A statement whose commit was not heard of is sent again with the same time, and makes the same ids.
    ON CONFLICT (id) DO NOTHING
$$;
RESET ROLE;
