-- Removing what is over, a batch at a time: each call deletes at most p_limit rows and says how many, so that the
-- caller can go on until nothing is left without holding locks for long. Whole days and months are dropped instead
-- (pipeline.drop_partitions). Readers refuse all of this from the moment it is over, whether or not it was purged.

CREATE FUNCTION pipeline.purge_events(p_before timestamptz, p_limit integer) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline SET enable_seqscan = off
AS $$
    WITH gone AS (
        DELETE FROM messaging_event WHERE id = ANY (ARRAY(
            SELECT id FROM messaging_event WHERE id < pipeline.floor(p_before) ORDER BY id LIMIT p_limit
            FOR UPDATE SKIP LOCKED))
        RETURNING 1
    ) SELECT count(*)::integer FROM gone
$$;

CREATE FUNCTION pipeline.purge_deliveries(p_before timestamptz, p_limit integer) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline SET enable_seqscan = off
AS $$
    WITH gone AS (
        DELETE FROM messaging_delivery WHERE id = ANY (ARRAY(
            SELECT id FROM messaging_delivery WHERE id < pipeline.floor(p_before) ORDER BY id LIMIT p_limit
            FOR UPDATE SKIP LOCKED))
        RETURNING 1
    ) SELECT count(*)::integer FROM gone
$$;

-- Receipts that never found their attempt. No attempt is looked for after eight days.
CREATE FUNCTION pipeline.purge_orphans(p_before timestamptz, p_limit integer) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline SET enable_seqscan = off
AS $$
    WITH gone AS (
        DELETE FROM messaging_orphan_receipt WHERE id = ANY (ARRAY(
            SELECT id FROM messaging_orphan_receipt WHERE id < pipeline.floor(p_before) ORDER BY id LIMIT p_limit
            FOR UPDATE SKIP LOCKED))
        RETURNING 1
    ) SELECT count(*)::integer FROM gone
$$;

CREATE FUNCTION pipeline.purge_idempotency_keys(p_at timestamptz, p_limit integer) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline SET enable_seqscan = off
AS $$
    WITH gone AS (
        DELETE FROM messaging_idempotency_key k USING (
            SELECT workspace_id, key_id, digest FROM messaging_idempotency_key
            WHERE expires_at <= p_at ORDER BY expires_at LIMIT p_limit FOR UPDATE SKIP LOCKED) AS old
        WHERE (k.workspace_id, k.key_id, k.digest) = (old.workspace_id, old.key_id, old.digest)
        RETURNING 1
    ) SELECT count(*)::integer FROM gone
$$;

DO $$
DECLARE
    routine text;
BEGIN
    FOREACH routine IN ARRAY ARRAY['purge_events', 'purge_deliveries', 'purge_orphans', 'purge_idempotency_keys'] LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION pipeline.%I(timestamptz, integer) FROM PUBLIC', routine);
        EXECUTE format('GRANT EXECUTE ON FUNCTION pipeline.%I(timestamptz, integer) TO sp_system', routine);
        EXECUTE format('ALTER FUNCTION pipeline.%I(timestamptz, integer) OWNER TO sp_definer', routine);
    END LOOP;
END
$$;
