-- The end of what outlived its retention: at most p_limit rows of each table a call, oldest first, so that no call
-- holds locks for long. Ids are UUIDv7, so the primary key is the calendar. Partitions that are wholly past are dropped
-- by drop_partitions; these functions keep the promise to the minute in between.

-- Messages from before p_before with all that hangs on them; how many rows. What is still on its way stays: it ends
-- by its validity first.
CREATE FUNCTION pipeline.purge_metadata(p_before timestamptz, p_limit integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline SET enable_seqscan = off
AS $$
DECLARE
    oldest uuid := pipeline.floor(p_before);
    gone integer;
    removed integer := 0;
BEGIN
    DELETE FROM messaging_event e USING (
        SELECT id FROM messaging_event WHERE id < oldest ORDER BY id LIMIT p_limit FOR UPDATE SKIP LOCKED) AS old
    WHERE e.id = old.id;
    GET DIAGNOSTICS gone = ROW_COUNT;
    removed := removed + gone;

    DELETE FROM messaging_attempt a USING (
        SELECT message_id, part AS number, attempt FROM messaging_attempt WHERE message_id < oldest
        ORDER BY message_id LIMIT p_limit FOR UPDATE SKIP LOCKED) AS old
    WHERE a.message_id = old.message_id AND a.part = old.number AND a.attempt = old.attempt AND a.message_id < oldest;
    GET DIAGNOSTICS gone = ROW_COUNT;
    removed := removed + gone;

    DELETE FROM messaging_message m USING (
        SELECT id FROM messaging_message q
        WHERE id < oldest AND NOT EXISTS (SELECT 1 FROM messaging_outbox o WHERE o.message_id = q.id)
        ORDER BY id LIMIT p_limit FOR UPDATE SKIP LOCKED) AS old
    WHERE m.id = old.id AND m.id < oldest;
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN removed + gone;
END
$$;

-- Deliveries of events from before p_before that are finished one way or the other.
CREATE FUNCTION pipeline.purge_deliveries(p_before timestamptz, p_limit integer) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline SET enable_seqscan = off
AS $$
    WITH gone AS (
        DELETE FROM messaging_delivery d USING (
            SELECT id FROM messaging_delivery
            WHERE id < pipeline.floor(p_before) AND state NOT IN ('pending', 'leased')
            ORDER BY id LIMIT p_limit FOR UPDATE SKIP LOCKED) AS old
        WHERE d.id = old.id RETURNING 1
    ) SELECT count(*)::integer FROM gone
$$;

-- Receipts from before p_before, matched or not: none is matched any more.
CREATE FUNCTION pipeline.purge_orphans(p_before timestamptz, p_limit integer) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline SET enable_seqscan = off
AS $$
    WITH gone AS (
        DELETE FROM messaging_orphan_receipt r USING (
            SELECT id FROM messaging_orphan_receipt WHERE id < pipeline.floor(p_before)
            ORDER BY id LIMIT p_limit FOR UPDATE SKIP LOCKED) AS old
        WHERE r.id = old.id RETURNING 1
    ) SELECT count(*)::integer FROM gone
$$;

CREATE FUNCTION pipeline.purge_idempotency_keys(p_at timestamptz, p_limit integer) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline SET enable_seqscan = off
AS $$
    WITH gone AS (
        DELETE FROM messaging_idempotency_key k USING (
            SELECT workspace_id, key_id, digest FROM messaging_idempotency_key WHERE expires_at <= p_at
            ORDER BY expires_at LIMIT p_limit FOR UPDATE SKIP LOCKED) AS old
        WHERE k.workspace_id = old.workspace_id AND k.key_id = old.key_id AND k.digest = old.digest RETURNING 1
    ) SELECT count(*)::integer FROM gone
$$;

DO $$
DECLARE
    routine regprocedure;
BEGIN
    FOR routine IN
        SELECT p.oid::regprocedure FROM pg_proc p
        WHERE p.pronamespace = 'pipeline'::regnamespace AND p.proname LIKE 'purge\_%'
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', routine);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO sp_system', routine);
        EXECUTE format('ALTER FUNCTION %s OWNER TO sp_definer', routine);
    END LOOP;
END
$$;
