-- What record_deliveries wrote, and each attempt for those who look for a receiver's fault: when its answer came, the
-- status, how many milliseconds it took, and the error. The newest thirty, which a ladder of ten and replays may fill.
DROP FUNCTION pipeline.record_deliveries(timestamptz, uuid[], text[], smallint[], text[], timestamptz[]);
CREATE FUNCTION pipeline.record_deliveries(
    p_at timestamptz, p_id uuid[], p_state text[], p_status smallint[], p_error text[], p_due timestamptz[],
    p_ms integer[] DEFAULT NULL
) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline
SET enable_seqscan = off SET enable_nestloop = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan
AS $$
    UPDATE messaging_delivery d SET state = CASE r.state WHEN 'deferred' THEN 'pending' ELSE r.state END,
        attempts = CASE r.state WHEN 'deferred' THEN d.attempts - 1 ELSE d.attempts END,
        last_status = CASE r.state WHEN 'deferred' THEN d.last_status ELSE r.status END,
        last_error = CASE r.state WHEN 'deferred' THEN d.last_error ELSE r.error END,
        lease_until = NULL, due_at = coalesce(r.due, d.due_at),
        finished_at = CASE WHEN r.state NOT IN ('pending', 'deferred') THEN p_at END,
        tries = CASE WHEN r.state IN ('deferred', 'dropped') THEN d.tries
            ELSE CASE WHEN jsonb_array_length(d.tries) >= 30 THEN d.tries - 0 ELSE d.tries END
                || jsonb_build_array(jsonb_build_array(p_at, r.status, r.ms, r.error)) END
    FROM unnest(p_id, p_state, p_status, p_error, p_due, p_ms) AS r(id, state, status, error, due, ms)
    -- Leased, said so that no partial index on the state offers itself: it would be read from end to end.
    WHERE d.id = r.id AND d.id = ANY (p_id) AND d.lease_until IS NOT NULL
$$;
REVOKE ALL ON FUNCTION pipeline.record_deliveries FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pipeline.record_deliveries TO sp_system;
ALTER FUNCTION pipeline.record_deliveries OWNER TO sp_definer;
