-- How many messages of a workspace each carrier was handed, by the hour in which they were accepted. An hour is made
-- again as a whole, from the attempts of that hour alone: the last two every few minutes, others a few times a day if
-- anything of them changed, which the figures of traffic say.

CREATE FUNCTION pipeline.note_processor_hours() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline
AS $$
BEGIN
    INSERT INTO messaging_processor_due (hour) SELECT DISTINCT m.hour FROM made AS m ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;

-- Make the counts of whole hours again; how many rows that gives.
CREATE FUNCTION pipeline.roll_up_processors(p_from timestamptz, p_to timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline SET enable_seqscan = off
AS $$
DECLARE
    made integer;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('pipeline.roll_up_processors'));
    DELETE FROM messaging_processor_due d WHERE d.hour >= p_from AND d.hour < p_to;
    DELETE FROM messaging_processor_hour h WHERE h.hour >= p_from AND h.hour < p_to;
    INSERT INTO messaging_processor_hour (workspace_id, hour, carrier_id, country, messages)
    SELECT a.workspace_id, pipeline.hour_of(a.message_id), a.carrier_id, c.country, count(DISTINCT a.message_id)
    FROM messaging_attempt a JOIN messaging_carrier c ON c.id = a.carrier_id
    WHERE a.message_id >= pipeline.floor(p_from) AND a.message_id < pipeline.floor(p_to)
    GROUP BY 1, 2, 3, 4;
    GET DIAGNOSTICS made = ROW_COUNT;
    RETURN made;
END
$$;

CREATE FUNCTION pipeline.purge_processors(p_before timestamptz, p_limit integer) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline SET enable_seqscan = off
AS $$
    WITH gone AS (
        DELETE FROM messaging_processor_hour h USING (
            SELECT workspace_id, hour, carrier_id, country FROM messaging_processor_hour
            WHERE hour < p_before ORDER BY hour LIMIT p_limit FOR UPDATE SKIP LOCKED) AS old
        WHERE (h.workspace_id, h.hour, h.carrier_id, h.country)
            = (old.workspace_id, old.hour, old.carrier_id, old.country)
        RETURNING 1
    ) SELECT count(*)::integer FROM gone
$$;

REVOKE ALL ON FUNCTION pipeline.note_processor_hours, pipeline.roll_up_processors, pipeline.purge_processors FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pipeline.roll_up_processors, pipeline.purge_processors TO sp_system;
CREATE TRIGGER processors_touched AFTER INSERT ON messaging_traffic_hour
    REFERENCING NEW TABLE AS made FOR EACH STATEMENT EXECUTE FUNCTION pipeline.note_processor_hours();
ALTER FUNCTION pipeline.note_processor_hours OWNER TO sp_definer;
ALTER FUNCTION pipeline.roll_up_processors OWNER TO sp_definer;
ALTER FUNCTION pipeline.purge_processors OWNER TO sp_definer;
