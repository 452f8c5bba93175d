-- Retention: how old the oldest of each kind is, what a hold or window keeps longer, and the bound that nothing passes
-- without one.

-- The longest that a text may be kept after it was accepted or was to be sent, as the deployment's policy says.
-- ``messaging.bounds`` puts it here. In a function, so that a constraint can ask and old rows keep the promise they had.
CREATE FUNCTION pipeline.body_cap() RETURNS interval
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog
AS $$ SELECT interval '24 hours' $$;
GRANT EXECUTE ON FUNCTION pipeline.body_cap TO sp_definer, sp_app, sp_system;

-- A millisecond of grace: ids carry no more than that.
ALTER TABLE messaging_message ADD CONSTRAINT body_within_cap CHECK (
    body_expires_at <= greatest(send_at,
        to_timestamp((('x' || left(translate(id::text, '-', ''), 12))::bit(48)::bigint + 1) / 1000.0)) + pipeline.body_cap()
) NOT VALID;

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
          AND NOT privacy.holds('delivery metadata', m.workspace_id, m.id) ORDER BY m.id LIMIT 1;
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
    END CASE;
    RETURN coalesce(found_at, pipeline.time_of(found_id));
END
$$;

CREATE FUNCTION pipeline.time_of(p_id uuid) RETURNS timestamptz LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog
AS $$ SELECT to_timestamp(('x' || left(translate(p_id::text, '-', ''), 12))::bit(48)::bigint / 1000.0) $$;

-- Where the messages begin that the open workspace may still read, if it keeps them for fewer days than p_days.
CREATE FUNCTION pipeline.readable_from(p_at timestamptz, p_days integer) RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    SELECT pipeline.floor(p_at - make_interval(days => least(p_days, (
        SELECT w.metadata_days FROM accounts_workspace w WHERE w.id = tenancy.workspace()))))
$$;

-- Messages from before p_before with all that hangs on them, and of workspaces that keep them for fewer days; how many
-- rows. What is still on its way stays: it ends by its validity first. So does what is held.
DROP FUNCTION pipeline.purge_metadata(timestamptz, integer);
CREATE FUNCTION pipeline.purge_metadata(p_before timestamptz, p_limit integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline SET enable_seqscan = off
AS $$
DECLARE
    oldest uuid := pipeline.floor(p_before);
    held boolean := privacy.holds_any('delivery metadata');
    gone integer;
    removed integer := 0;
BEGIN
    DELETE FROM messaging_event e USING (
        SELECT id FROM messaging_event q WHERE id < oldest
          AND NOT (held AND privacy.holds('delivery metadata', q.workspace_id, q.message_id))
        ORDER BY id LIMIT p_limit FOR UPDATE SKIP LOCKED) AS old
    WHERE e.id = old.id;
    GET DIAGNOSTICS gone = ROW_COUNT;
    removed := removed + gone;

    DELETE FROM messaging_attempt a USING (
        SELECT message_id, part AS number, attempt FROM messaging_attempt q WHERE message_id < oldest
          AND NOT (held AND privacy.holds('delivery metadata', q.workspace_id, q.message_id))
        ORDER BY message_id LIMIT p_limit FOR UPDATE SKIP LOCKED) AS old
    WHERE a.message_id = old.message_id AND a.part = old.number AND a.attempt = old.attempt AND a.message_id < oldest;
    GET DIAGNOSTICS gone = ROW_COUNT;
    removed := removed + gone;

    DELETE FROM messaging_message m USING (
        SELECT id FROM messaging_message q
        WHERE id < oldest AND NOT EXISTS (SELECT 1 FROM messaging_outbox o WHERE o.message_id = q.id)
          AND NOT (held AND privacy.holds('delivery metadata', q.workspace_id, q.id))
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
        ORDER BY m.id LIMIT 1) AS o
    WHERE w.metadata_days < p_days
$$;

-- Texts whose time ended with the final status of their message, before the day of their key is over.
CREATE FUNCTION pipeline.purge_bodies(p_at timestamptz, p_limit integer) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline SET enable_seqscan = off
AS $$
    WITH over AS (
        SELECT b.expires_on, b.message_id FROM messaging_body b JOIN messaging_message m ON m.id = b.message_id
        WHERE m.body_hours IS NOT NULL AND m.final_at + make_interval(hours => m.body_hours) <= p_at LIMIT p_limit
    ), gone AS (
        DELETE FROM messaging_body b USING over o
        WHERE b.expires_on = o.expires_on AND b.message_id = o.message_id RETURNING 1
    ) SELECT count(*)::integer FROM gone
$$;

-- Drop what is wholly past: bodies of days before p_bodies_before, months of metadata that ended before p_before. While
-- anything is held, months of metadata go row by row instead.
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
                OR to_date(right(part.relname, 6), 'YYYYMM') + interval '1 month' > p_before AT TIME ZONE 'UTC';
        END IF;
        EXECUTE format('DROP TABLE public.%I', part.relname);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END
$$;

-- The days of bodies up to p_days ahead.
CREATE FUNCTION pipeline.ensure_body_days(p_at timestamptz, p_days integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline
AS $$
DECLARE
    made integer := 0;
    part text;
    day date;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('pipeline.ensure_partitions'));
    FOR i IN 10..p_days LOOP
        day := (p_at AT TIME ZONE 'UTC')::date + i;
        part := 'messaging_body' || to_char(day, '_YYYYMMDD');
        CONTINUE WHEN to_regclass('public.' || part) IS NOT NULL;
        EXECUTE format('CREATE TABLE public.%I PARTITION OF public.messaging_body FOR VALUES FROM (%L) TO (%L)',
            part, day, day + 1);
        EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', part);
        made := made + 1;
    END LOOP;
    RETURN made;
END
$$;

-- Texts to bring to safety for a hold or window: of a workspace, after p_after and before p_before in the order of
-- ids, all or only those of p_only. Of windows not those whose sender asked for no text to be kept.
CREATE FUNCTION pipeline.bodies_to_keep(
    p_workspace uuid, p_after uuid, p_before uuid, p_only uuid[], p_discarded boolean, p_limit integer
) RETURNS TABLE (message_id uuid, text_ct bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pipeline SET enable_seqscan = off
AS $$
    SELECT m.id, b.text_ct
    FROM messaging_message m
    LEFT JOIN messaging_body b ON b.message_id = m.id AND b.expires_on = (m.body_expires_at AT TIME ZONE 'UTC')::date
    WHERE m.workspace_id = p_workspace AND m.livemode = ANY (ARRAY[true, false]) AND m.id > p_after AND m.id < p_before
      AND (cardinality(p_only) = 0 OR m.id = ANY (p_only)) AND (p_discarded OR NOT m.discard_body)
    ORDER BY m.id LIMIT p_limit
$$;

-- Texts of the open workspace that its debugging window still keeps.
CREATE FUNCTION pipeline.window_texts(p_token text, p_messages uuid[], p_at timestamptz)
RETURNS TABLE (message_id uuid, text_ct bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pipeline SET enable_seqscan = off
AS $$
    SELECT k.message_id, k.text_ct FROM messaging_kept_body k JOIN privacy_window w ON w.id = k.window_id
    WHERE k.message_id = ANY (p_messages) AND k.workspace_id = tenancy.subject('w', p_token)
      AND w.workspace_id = k.workspace_id AND w.ends_at > p_at AND w.closed_at IS NULL
$$;

-- Totals of a day by corridor: no workspace, no number, and no cell that says something about one of them. Made again
-- for days whose messages still change; a cell below the bounds is not written.
CREATE FUNCTION pipeline.publish_corridors(p_day date, p_messages_min integer, p_workspaces_min integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline
AS $$
DECLARE
    made integer;
    least uuid := pipeline.floor(p_day::timestamp AT TIME ZONE 'UTC');
    most uuid := pipeline.floor((p_day + 1)::timestamp AT TIME ZONE 'UTC');
BEGIN
    DELETE FROM messaging_corridor_day c WHERE c.day = p_day;
    INSERT INTO messaging_corridor_day (day, carrier_id, country, messages, parts, delivered)
    SELECT p_day, a.carrier_id, m.country, count(*), sum(m.parts), count(*) FILTER (WHERE m.status = 'delivered')
    FROM messaging_message m
    JOIN LATERAL (SELECT t.carrier_id FROM messaging_attempt t WHERE t.message_id = m.id
                  ORDER BY t.attempt DESC, t.part LIMIT 1) AS a ON true
    WHERE m.id >= least AND m.id < most AND m.livemode
    GROUP BY a.carrier_id, m.country
    HAVING count(*) >= p_messages_min AND count(DISTINCT m.workspace_id) >= p_workspaces_min;
    GET DIAGNOSTICS made = ROW_COUNT;
    RETURN made;
END
$$;

-- The ids of the keys that the newest numbers are sealed under (bytes 2 to 17 of a value).
CREATE FUNCTION pipeline.number_keys(p_limit integer) RETURNS TABLE (key_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public SET enable_seqscan = off
AS $$
    SELECT DISTINCT encode(substring(m.to_ct FROM 2 FOR 16), 'hex')::uuid
    FROM (SELECT to_ct FROM messaging_message ORDER BY id DESC LIMIT p_limit) AS m WHERE m.to_ct IS NOT NULL
$$;

REVOKE ALL ON FUNCTION pipeline.number_keys, pipeline.purge_metadata, pipeline.oldest, pipeline.time_of, pipeline.readable_from, pipeline.purge_tightened,
    pipeline.tightened_due, pipeline.purge_bodies, pipeline.ensure_body_days, pipeline.bodies_to_keep,
    pipeline.window_texts, pipeline.publish_corridors FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pipeline.time_of TO sp_app, sp_system, sp_definer;
GRANT EXECUTE ON FUNCTION pipeline.readable_from TO sp_app, sp_system;
GRANT EXECUTE ON FUNCTION pipeline.window_texts TO sp_app;
GRANT EXECUTE ON FUNCTION pipeline.number_keys, pipeline.purge_metadata, pipeline.oldest, pipeline.purge_tightened, pipeline.tightened_due, pipeline.purge_bodies,
    pipeline.ensure_body_days, pipeline.bodies_to_keep, pipeline.publish_corridors TO sp_system;
ALTER FUNCTION pipeline.number_keys OWNER TO sp_definer;
ALTER FUNCTION pipeline.purge_metadata OWNER TO sp_definer;
ALTER FUNCTION pipeline.oldest OWNER TO sp_definer;
ALTER FUNCTION pipeline.readable_from OWNER TO sp_definer;
ALTER FUNCTION pipeline.purge_tightened OWNER TO sp_definer;
ALTER FUNCTION pipeline.tightened_due OWNER TO sp_definer;
ALTER FUNCTION pipeline.purge_bodies OWNER TO sp_definer;
ALTER FUNCTION pipeline.bodies_to_keep OWNER TO sp_definer;
ALTER FUNCTION pipeline.window_texts OWNER TO sp_definer;
ALTER FUNCTION pipeline.publish_corridors OWNER TO sp_definer;
