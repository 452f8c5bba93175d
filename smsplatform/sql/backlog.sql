-- How late the oldest due row of each queue is, in seconds; 0 when nothing is due. For /readyz and /metrics. Sees ages
-- only, over all workspaces. The queues' partial indexes answer it: carriers are few, and each lane has its first row.
CREATE FUNCTION pipeline.backlog(p_at timestamptz) RETURNS TABLE (queue text, oldest_seconds double precision)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pipeline SET enable_seqscan = off
AS $$
    SELECT 'submission', coalesce(extract(epoch FROM p_at - min(due.due_at)), 0)::double precision
    FROM messaging_carrier c
    CROSS JOIN (VALUES (0::smallint), (1::smallint), (2::smallint)) AS l(lane)
    CROSS JOIN LATERAL (
        SELECT q.due_at FROM messaging_outbox q
        WHERE q.carrier_id = c.id AND q.lane = l.lane AND q.state = 0 AND q.due_at <= p_at
        ORDER BY q.due_at LIMIT 1) AS due
    UNION ALL
    SELECT 'webhooks', coalesce(extract(epoch FROM p_at - min(d.due_at)), 0)::double precision
    FROM (SELECT due_at FROM messaging_delivery WHERE state = 'pending' AND due_at <= p_at ORDER BY due_at LIMIT 1) d
$$;
REVOKE ALL ON FUNCTION pipeline.backlog(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pipeline.backlog(timestamptz) TO sp_system;
ALTER FUNCTION pipeline.backlog(timestamptz) OWNER TO sp_definer;
