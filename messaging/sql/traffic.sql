-- Traffic by the hour. An hour's figures are made again from its messages whenever one of them changed, and replace the
-- ones before: what a run does twice, or what a crash cut off, comes out the same. Notes of touched hours are written
-- in the transaction of the change, so none is lost; new messages are found by the time in their ids, without a word
-- on the way of acceptance.

-- The hour in which a UUIDv7 was made. Like the next without a search path of its own, so that it is written into the
-- query that calls it: a call for each message would cost more than the rest.
CREATE FUNCTION pipeline.hour_of(p_id uuid) RETURNS timestamptz LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$ SELECT to_timestamp(('x' || left(translate(p_id::text, '-', ''), 12))::bit(48)::bigint / 3600000 * 3600) $$;

-- Classes of latency grow by the square root of two: class n ends at 0.05 s · 2^(n/2), the last has no end.
CREATE FUNCTION pipeline.latency_class(p_from timestamptz, p_to timestamptz) RETURNS smallint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    -- In floating point: logarithms of numeric cost more than reading the message.
    SELECT least(48, greatest(1, 1 + floor(
        2 / ln(2::float8) * ln(greatest(extract(epoch FROM p_to - p_from)::float8, 0.05) / 0.05) + 1e-9)))::smallint
$$;

CREATE FUNCTION pipeline.touch_hours() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline
AS $$
BEGIN
    INSERT INTO messaging_touched_hour (id, workspace_id, livemode, hour)
    SELECT gen_random_uuid(), c.workspace_id, c.livemode, c.hour
    FROM (SELECT DISTINCT workspace_id, livemode, pipeline.hour_of(id) AS hour FROM changed) AS c;
    RETURN NULL;
END
$$;

-- Note the hours of messages made since p_since; how many.
CREATE FUNCTION pipeline.touch_new(p_since timestamptz) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline SET enable_seqscan = off
AS $$
    WITH noted AS (
        INSERT INTO messaging_touched_hour (id, workspace_id, livemode, hour)
        SELECT gen_random_uuid(), n.workspace_id, n.livemode, n.hour
        FROM (SELECT DISTINCT m.workspace_id, m.livemode, pipeline.hour_of(m.id) AS hour
              FROM messaging_message m WHERE m.id >= pipeline.floor(p_since)) AS n
        RETURNING 1
    ) SELECT count(*)::integer FROM noted
$$;

-- Make the figures of at most p_limit touched hours again, newest first, of hours from p_from on; how many were picked.
-- Hours before p_oldest are only taken off the list: their messages are being purged, and their figures stay.
CREATE FUNCTION pipeline.roll_up(p_oldest timestamptz, p_from timestamptz, p_limit integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    workspaces uuid[];
    modes boolean[];
    hours timestamptz[];
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('pipeline.roll_up')) THEN
        RETURN 0;  -- somebody is at it
    END IF;
    SELECT array_agg(p.workspace_id), array_agg(p.livemode), array_agg(p.hour) INTO workspaces, modes, hours
    -- One hour has many notes: it must not fill a run alone, and not be made again in the next round of the same run.
    FROM (SELECT DISTINCT n.workspace_id, n.livemode, n.hour
          FROM (SELECT t.workspace_id, t.livemode, t.hour FROM messaging_touched_hour t WHERE t.hour >= p_from
                ORDER BY t.hour DESC LIMIT p_limit * 100) AS n LIMIT p_limit) AS p;
    IF hours IS NULL THEN
        RETURN 0;
    END IF;
    -- Each of these statements sees what was committed before it: a change whose note is gone is counted below.
    DELETE FROM messaging_touched_hour t
    USING unnest(workspaces, modes, hours) AS p(workspace, livemode, hour)
    WHERE t.hour = p.hour AND t.workspace_id = p.workspace AND t.livemode = p.livemode;

    DELETE FROM messaging_traffic_hour t
    USING unnest(workspaces, modes, hours) AS p(workspace, livemode, hour)
    WHERE t.workspace_id = p.workspace AND t.livemode = p.livemode AND t.hour = p.hour AND p.hour >= p_oldest;

    INSERT INTO messaging_traffic_hour (workspace_id, livemode, hour, country, category, outcome, latency, messages,
                                        parts, price)
    SELECT p.workspace, p.livemode, p.hour, m.country, m.category, m.outcome, m.latency, count(*), sum(m.parts), sum(m.price)
    FROM unnest(workspaces, modes, hours) AS p(workspace, livemode, hour)
    CROSS JOIN LATERAL (
        SELECT q.country, q.category, q.parts, CASE WHEN q.refunded THEN 0 ELSE q.price - coalesce(q.returned, 0) END AS price,
               CASE WHEN q.final_at IS NULL THEN 'open' ELSE q.status END AS outcome,
               CASE WHEN q.status = 'delivered' THEN pipeline.latency_class(
                   greatest(to_timestamp(('x' || left(translate(q.id::text, '-', ''), 12))::bit(48)::bigint / 1000.0),
                            q.send_at), q.final_at) ELSE 0 END AS latency
        FROM messaging_message q
        WHERE q.workspace_id = p.workspace AND q.livemode = p.livemode AND q.id >= pipeline.floor(p.hour)
          AND q.id < pipeline.floor(p.hour + interval '1 hour')
    ) AS m
    WHERE p.hour >= p_oldest
    GROUP BY p.workspace, p.livemode, p.hour, m.country, m.category, m.outcome, m.latency;
    RETURN cardinality(hours);
END
$$;

CREATE FUNCTION pipeline.purge_traffic(p_before timestamptz, p_limit integer) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline SET enable_seqscan = off
AS $$
    WITH gone AS (
        DELETE FROM messaging_traffic_hour t USING (
            SELECT workspace_id, livemode, hour, country, category, outcome, latency FROM messaging_traffic_hour
            WHERE hour < p_before ORDER BY hour LIMIT p_limit FOR UPDATE SKIP LOCKED) AS old
        WHERE (t.workspace_id, t.livemode, t.hour, t.country, t.category, t.outcome, t.latency)
            = (old.workspace_id, old.livemode, old.hour, old.country, old.category, old.outcome, old.latency)
        RETURNING 1
    ) SELECT count(*)::integer FROM gone
$$;

GRANT EXECUTE ON FUNCTION pipeline.hour_of, pipeline.latency_class TO sp_definer;
REVOKE ALL ON FUNCTION pipeline.hour_of, pipeline.latency_class, pipeline.touch_hours, pipeline.touch_new,
    pipeline.roll_up, pipeline.purge_traffic FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pipeline.touch_new, pipeline.roll_up, pipeline.purge_traffic TO sp_system;
-- The triggers are made while the owner of the table may still use the function.
CREATE TRIGGER touched_by_update AFTER UPDATE ON messaging_message
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION pipeline.touch_hours();
CREATE TRIGGER touched_by_delete AFTER DELETE ON messaging_message
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION pipeline.touch_hours();
ALTER FUNCTION pipeline.hour_of OWNER TO sp_definer;
ALTER FUNCTION pipeline.latency_class OWNER TO sp_definer;
ALTER FUNCTION pipeline.touch_hours OWNER TO sp_definer;
ALTER FUNCTION pipeline.touch_new OWNER TO sp_definer;
ALTER FUNCTION pipeline.roll_up OWNER TO sp_definer;
ALTER FUNCTION pipeline.purge_traffic OWNER TO sp_definer;
