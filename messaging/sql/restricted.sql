-- Messages of numbers whose use is restricted outlive their time: they are stored, and nothing else is done with them,
-- until the restriction is lifted (GDPR Art. 18). Readers refuse what is over, restricted or not; the purge leaves it.
DROP FUNCTION pipeline.oldest(text), pipeline.purge_metadata(timestamptz, integer),
    pipeline.purge_tightened(timestamptz, integer, integer), pipeline.tightened_due(integer);

-- Asked for each row that is about to go, where anything is restricted at all: one look into a unique index. LIMIT
-- keeps the planner from reading a table from end to end instead.
CREATE FUNCTION pipeline.is_restricted(p_workspace uuid, p_to_idx bytea) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, public
AS $$
    SELECT coalesce((SELECT true FROM messaging_suppression s
                     WHERE s.workspace_id = p_workspace AND s.to_idx = p_to_idx AND s.reason = 'restriction'
                     LIMIT 1), false)
$$;

-- The same for what hangs on a message.
CREATE FUNCTION pipeline.is_restricted(p_message uuid) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, public SET enable_seqscan = off
AS $$
    SELECT coalesce((SELECT pipeline.is_restricted(m.workspace_id, m.to_idx) FROM messaging_message m
                     WHERE m.id = p_message LIMIT 1), false)
$$;

-- Whether a month holds a message of a restricted number: one look into an index for each of these.
CREATE FUNCTION pipeline.month_is_restricted(p_month date) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public SET enable_seqscan = off
AS $$
    SELECT EXISTS (
        SELECT 1 FROM messaging_suppression s CROSS JOIN LATERAL (
            SELECT 1 FROM messaging_message m
            WHERE m.workspace_id = s.workspace_id AND m.to_idx = s.to_idx
              AND m.id >= pipeline.floor(p_month::timestamp AT TIME ZONE 'UTC')
              AND m.id < pipeline.floor((p_month + interval '1 month') AT TIME ZONE 'UTC') LIMIT 1) AS found
        WHERE s.reason = 'restriction')
$$;

-- The anchor of the oldest row of a unit, from an index.
CREATE FUNCTION pipeline.oldest(p_unit text) RETURNS timestamptz
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pipeline SET enable_seqscan = off
AS $$
DECLARE
    found_id uuid;
    found_at timestamptz;
BEGIN
    CASE p_unit
    WHEN 'bodies' THEN
        SELECT (b.expires_on + 1)::timestamp AT TIME ZONE 'UTC' INTO found_at FROM messaging_body b
        ORDER BY b.expires_on LIMIT 1;
    WHEN 'delivery metadata' THEN
        SELECT m.id INTO found_id FROM messaging_message m
        WHERE NOT EXISTS (SELECT 1 FROM messaging_outbox o WHERE o.message_id = m.id)
          AND NOT privacy.holds('delivery metadata', m.workspace_id, m.id)
          AND NOT pipeline.is_restricted(m.workspace_id, m.to_idx) ORDER BY m.id LIMIT 1;
    WHEN 'API log' THEN
        SELECT c.id INTO found_id FROM messaging_call c ORDER BY c.id LIMIT 1;
    WHEN 'webhook deliveries' THEN
        SELECT d.id INTO found_id FROM messaging_delivery d WHERE d.state NOT IN ('pending', 'leased')
        ORDER BY d.id LIMIT 1;
    WHEN 'orphan receipts' THEN
        SELECT r.id INTO found_id FROM messaging_orphan_receipt r ORDER BY r.id LIMIT 1;
    WHEN 'idempotency keys' THEN
        SELECT k.expires_at INTO found_at FROM messaging_idempotency_key k ORDER BY k.expires_at LIMIT 1;
    WHEN 'traffic figures' THEN
        SELECT t.hour INTO found_at FROM messaging_traffic_hour t ORDER BY t.hour LIMIT 1;
    WHEN 'counts by carrier' THEN
        SELECT p.hour INTO found_at FROM messaging_processor_hour p ORDER BY p.hour LIMIT 1;
    END CASE;
    RETURN coalesce(found_at, pipeline.time_of(found_id));
END
$$;

-- Messages from before p_before with all that hangs on them; how many rows. What is still on its way stays: it ends by
-- its validity first. So does what is held or restricted.
CREATE FUNCTION pipeline.purge_metadata(p_before timestamptz, p_limit integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline SET enable_seqscan = off
AS $$
DECLARE
    oldest uuid := pipeline.floor(p_before);
    held boolean := privacy.holds_any('delivery metadata');
    restricted boolean := EXISTS (SELECT 1 FROM messaging_suppression s WHERE s.reason = 'restriction');
    gone integer;
    removed integer := 0;
BEGIN
    DELETE FROM messaging_event e USING (
        SELECT id FROM messaging_event q WHERE id < oldest
          AND NOT (held AND privacy.holds('delivery metadata', q.workspace_id, q.message_id))
          AND NOT (restricted AND pipeline.is_restricted(q.message_id))
        ORDER BY id LIMIT p_limit FOR UPDATE SKIP LOCKED) AS old
    WHERE e.id = old.id;
    GET DIAGNOSTICS gone = ROW_COUNT;
    removed := removed + gone;

    DELETE FROM messaging_attempt a USING (
        SELECT message_id, part AS number, attempt FROM messaging_attempt q WHERE message_id < oldest
          AND NOT (held AND privacy.holds('delivery metadata', q.workspace_id, q.message_id))
          AND NOT (restricted AND pipeline.is_restricted(q.message_id))
        ORDER BY message_id LIMIT p_limit FOR UPDATE SKIP LOCKED) AS old
    WHERE a.message_id = old.message_id AND a.part = old.number AND a.attempt = old.attempt AND a.message_id < oldest;
    GET DIAGNOSTICS gone = ROW_COUNT;
    removed := removed + gone;

    DELETE FROM messaging_message m USING (
        SELECT id FROM messaging_message q
        WHERE id < oldest AND NOT EXISTS (SELECT 1 FROM messaging_outbox o WHERE o.message_id = q.id)
          AND NOT (held AND privacy.holds('delivery metadata', q.workspace_id, q.id))
          AND NOT (restricted AND pipeline.is_restricted(q.workspace_id, q.to_idx))
        ORDER BY id LIMIT p_limit FOR UPDATE SKIP LOCKED) AS old
    WHERE m.id = old.id AND m.id < oldest;
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN removed + gone;
END
$$;

-- The same for workspaces that keep metadata for fewer days than p_days.
CREATE FUNCTION pipeline.purge_tightened(p_at timestamptz, p_days integer, p_limit integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline SET enable_seqscan = off
AS $$
DECLARE
    old uuid[];
BEGIN
    SELECT array_agg(o.id) INTO old
    FROM (SELECT q.id FROM accounts_workspace w CROSS JOIN (VALUES (true), (false)) AS l(mode)
          CROSS JOIN LATERAL (
              SELECT m.id FROM messaging_message m
              WHERE m.workspace_id = w.id AND m.livemode = l.mode
                AND m.id < pipeline.floor(p_at - make_interval(days => w.metadata_days))
                AND NOT EXISTS (SELECT 1 FROM messaging_outbox o WHERE o.message_id = m.id)
                AND NOT privacy.holds('delivery metadata', m.workspace_id, m.id)
                AND NOT pipeline.is_restricted(m.workspace_id, m.to_idx)
              ORDER BY m.id LIMIT p_limit FOR UPDATE SKIP LOCKED) AS q
          WHERE w.metadata_days < p_days LIMIT p_limit) AS o;
    IF old IS NULL THEN
        RETURN 0;
    END IF;
    DELETE FROM messaging_event e WHERE e.message_id = ANY (old);
    DELETE FROM messaging_attempt a WHERE a.message_id = ANY (old);
    DELETE FROM messaging_message m WHERE m.id = ANY (old);
    RETURN cardinality(old);
END
$$;

-- By how much the oldest message of a workspace that keeps them for fewer days is past its time.
CREATE FUNCTION pipeline.tightened_due(p_days integer) RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pipeline SET enable_seqscan = off
AS $$
    SELECT min(pipeline.time_of(o.id) + make_interval(days => w.metadata_days))
    FROM accounts_workspace w CROSS JOIN (VALUES (true), (false)) AS l(mode)
    CROSS JOIN LATERAL (
        SELECT m.id FROM messaging_message m WHERE m.workspace_id = w.id AND m.livemode = l.mode
          AND NOT EXISTS (SELECT 1 FROM messaging_outbox o WHERE o.message_id = m.id)
          AND NOT privacy.holds('delivery metadata', m.workspace_id, m.id)
          AND NOT pipeline.is_restricted(m.workspace_id, m.to_idx)
        ORDER BY m.id LIMIT 1) AS o
    WHERE w.metadata_days < p_days
$$;

-- Drop what is wholly past: bodies of days before p_bodies_before, months of metadata that ended before p_before.
-- Months with something restricted, and while anything is held all of them, go row by row instead.
CREATE OR REPLACE FUNCTION pipeline.drop_partitions(p_bodies_before date, p_before timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline
AS $$
DECLARE
    dropped integer := 0;
    held boolean := privacy.holds_any('delivery metadata');
    part record;
BEGIN
    FOR part IN
        SELECT c.relname, p.relname AS parent FROM pg_inherits i
        JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent
        WHERE i.inhparent IN ('public.messaging_message'::regclass, 'public.messaging_attempt'::regclass,
                              'public.messaging_body'::regclass)
    LOOP
        IF part.parent = 'messaging_body' THEN
            CONTINUE WHEN to_date(right(part.relname, 8), 'YYYYMMDD') >= p_bodies_before;
        ELSE
            CONTINUE WHEN held
                OR to_date(right(part.relname, 6), 'YYYYMM') + interval '1 month' > p_before AT TIME ZONE 'UTC'
                OR pipeline.month_is_restricted(to_date(right(part.relname, 6), 'YYYYMM'));
        END IF;
        EXECUTE format('DROP TABLE public.%I', part.relname);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END
$$;

REVOKE ALL ON FUNCTION pipeline.is_restricted(uuid, bytea), pipeline.is_restricted(uuid),
    pipeline.month_is_restricted(date), pipeline.oldest(text), pipeline.purge_metadata(timestamptz, integer),
    pipeline.purge_tightened(timestamptz, integer, integer), pipeline.tightened_due(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pipeline.oldest(text), pipeline.purge_metadata(timestamptz, integer),
    pipeline.purge_tightened(timestamptz, integer, integer), pipeline.tightened_due(integer) TO sp_system;
ALTER FUNCTION pipeline.is_restricted(uuid, bytea) OWNER TO sp_definer;
ALTER FUNCTION pipeline.is_restricted(uuid) OWNER TO sp_definer;
ALTER FUNCTION pipeline.month_is_restricted(date) OWNER TO sp_definer;
ALTER FUNCTION pipeline.oldest(text) OWNER TO sp_definer;
ALTER FUNCTION pipeline.purge_metadata(timestamptz, integer) OWNER TO sp_definer;
ALTER FUNCTION pipeline.purge_tightened(timestamptz, integer, integer) OWNER TO sp_definer;
ALTER FUNCTION pipeline.tightened_due(integer) OWNER TO sp_definer;
-- Granted by their new owner: sp_owner may become it, and inherits none of its rights.
SET LOCAL ROLE sp_definer;
GRANT EXECUTE ON FUNCTION pipeline.month_is_restricted(date) TO sp_owner;
RESET ROLE;
