-- What operators see of the pipeline: counts and ages over all workspaces, ids where something is stuck. No content, no
-- number, no address. Counting stops at p_most, so that a page never waits for a queue of millions.
CREATE FUNCTION pipeline.queue_depths(p_at timestamptz, p_most integer)
RETURNS TABLE (stage text, depth bigint, oldest_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    SELECT 'due', count(*), min(due_at)
    FROM (SELECT due_at FROM messaging_outbox WHERE state = 0 AND due_at <= p_at LIMIT p_most) q
    UNION ALL
    SELECT 'later', count(*), NULL
    FROM (SELECT 1 FROM messaging_outbox WHERE state = 0 AND due_at > p_at LIMIT p_most) q
    UNION ALL
    SELECT 'submitting', count(*), min(due_at)
    FROM (SELECT due_at FROM messaging_outbox WHERE state = 1 LIMIT p_most) q
    UNION ALL
    SELECT 'receipts', count(*), min(due_at)
    FROM (SELECT due_at FROM messaging_outbox WHERE state = 2 LIMIT p_most) q
    UNION ALL
    SELECT 'webhooks', count(*), min(due_at)
    FROM (SELECT due_at FROM messaging_delivery WHERE state = 'pending' AND due_at <= p_at LIMIT p_most) q
    UNION ALL
    SELECT 'exports', count(*), min(touched_at)
    FROM (SELECT touched_at FROM messaging_export WHERE state IN ('queued', 'running') LIMIT p_most) q
$$;

-- By carrier and minute: parts that it took, parts that it refused, and how long the median receipt took.
CREATE FUNCTION pipeline.submissions(p_since timestamptz)
RETURNS TABLE (carrier_id uuid, minute timestamptz, accepted bigint, refused bigint, receipt_seconds double precision)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pipeline
AS $$
    SELECT a.carrier_id, date_trunc('minute', a.submitted_at), count(*) FILTER (WHERE a.outcome = 'accepted'),
           count(*) FILTER (WHERE a.outcome <> 'accepted'),
           percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM a.receipt_at - a.submitted_at))
    FROM messaging_attempt a
    WHERE a.message_id >= pipeline.floor(p_since - interval '3 days') AND a.submitted_at >= p_since
    GROUP BY 1, 2
$$;

-- Deliveries that were given up, by endpoint, the newest first.
CREATE FUNCTION pipeline.exhausted_deliveries(p_since timestamptz, p_most integer)
RETURNS TABLE (workspace_id uuid, endpoint_id uuid, deliveries bigint, newest_at timestamptz, last_status integer,
               last_error text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pipeline
AS $$
    SELECT d.workspace_id, d.endpoint_id, count(*), max(d.finished_at),
           (array_agg(d.last_status ORDER BY d.id DESC))[1]::integer,
           (array_agg(d.last_error ORDER BY d.id DESC))[1]::text
    FROM messaging_delivery d
    WHERE d.state = 'exhausted' AND d.id >= pipeline.floor(p_since)
    GROUP BY 1, 2 ORDER BY 4 DESC NULLS LAST LIMIT p_most
$$;

-- Try them again from the beginning; how many.
CREATE FUNCTION pipeline.retry_exhausted(p_endpoint uuid, p_since timestamptz, p_at timestamptz, p_most integer)
RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline
AS $$
    WITH again AS (
        UPDATE messaging_delivery SET state = 'pending', attempts = 0, due_at = p_at, finished_at = NULL
        WHERE state = 'exhausted' AND id IN (
            SELECT id FROM messaging_delivery
            WHERE state = 'exhausted' AND endpoint_id = p_endpoint AND id >= pipeline.floor(p_since)
            ORDER BY id LIMIT p_most)
        RETURNING 1
    ) SELECT count(*) FROM again
$$;

-- Messages that nobody moves: due for longer than p_late, by carrier.
CREATE FUNCTION pipeline.stuck_messages(p_late timestamptz)
RETURNS TABLE (carrier_id uuid, messages bigint, oldest_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    SELECT o.carrier_id, count(*), min(o.due_at) FROM messaging_outbox o
    WHERE (o.state = 0 AND o.due_at < p_late) OR (o.state = 1 AND o.lease_until < p_late)
    GROUP BY 1 ORDER BY 3
$$;

-- Exports that failed, and putting one back into the queue.
CREATE FUNCTION pipeline.failed_exports(p_at timestamptz, p_most integer)
RETURNS TABLE (id uuid, workspace_id uuid, error text, finished_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    SELECT e.id, e.workspace_id, e.error::text, e.finished_at FROM messaging_export e
    WHERE e.state = 'failed' AND e.expires_at > p_at ORDER BY e.id DESC LIMIT p_most
$$;
CREATE FUNCTION pipeline.retry_export(p_id uuid, p_at timestamptz) RETURNS uuid
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    UPDATE messaging_export SET state = 'queued', error = '', touched_at = p_at, finished_at = NULL
    WHERE id = p_id AND state = 'failed' AND expires_at > p_at RETURNING workspace_id
$$;

GRANT UPDATE (enabled) ON messaging_carrier, messaging_route TO sp_system;
GRANT SELECT, UPDATE ON messaging_export TO sp_definer;
GRANT CREATE ON SCHEMA pipeline TO sp_definer;
DO $$
DECLARE
    routine regprocedure;
BEGIN
    FOR routine IN
        SELECT p.oid::regprocedure FROM pg_proc p
        WHERE p.pronamespace = 'pipeline'::regnamespace
          AND p.proname IN ('queue_depths', 'submissions', 'exhausted_deliveries', 'retry_exhausted', 'stuck_messages',
                            'failed_exports', 'retry_export')
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', routine);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO sp_system', routine);
        EXECUTE format('ALTER FUNCTION %s OWNER TO sp_definer', routine);
    END LOOP;
END
$$;
