-- How these functions stay fast whatever the statistics say. The queue is empty most of the time and statistics are
-- taken then, so a planner left alone picks plans that are quadratic under load. Therefore every access to a large
-- table is by `= ANY (array of keys)` (an index condition that no join order can take away), joined to the caller's
-- arrays by hash; lookups of single rows are scalar sub-selects; ids are also bounded from both sides, so that months
-- they cannot lie in are never visited.

-- The id of a delivery: its millisecond, then the rank of its type, so that ids order the events of a message even
-- within one millisecond, then 60 bits of hash. No random source: a strong one costs more than the insert.
CREATE FUNCTION pipeline.delivery_id(p_millisecond text, p_type text, p_seed text) RETURNS uuid
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT (p_millisecond || '700' || CASE p_type WHEN 'message.queued' THEN '1' WHEN 'message.rerouted' THEN '2'
            WHEN 'message.submitted' THEN '3' WHEN 'message.redacted' THEN '5' ELSE '4' END
            || '8' || substr(md5(p_seed), 1, 15))::uuid
$$;

-- Tell the endpoints that asked for it. One delivery per event and endpoint; a null type is no event. The event id is
-- made of message and type, so a second emission, a retry and a replay all carry the same one.
CREATE FUNCTION pipeline.emit(
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
    WHERE m.type IS NOT NULL AND e.enabled AND e.workspace_id = ANY (p_workspace)
      AND ((e.id = m.callback AND m.type <> ALL (ARRAY['message.queued', 'message.submitted', 'message.rerouted',
               'message.redacted']))
           OR (e.livemode = m.livemode AND m.type = ANY (e.types)))
    -- A statement whose commit was not heard of is sent again with the same time, and makes the same ids.
    ON CONFLICT (id) DO NOTHING
$$;
