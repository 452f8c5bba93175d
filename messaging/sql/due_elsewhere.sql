-- Due deliveries of endpoints that are not in p_full, when there are some: by endpoint, because the queue by time may begin
-- with a million rows of one that is. At most ENDPOINTS of them a call, from a random one on, each with a share.
CREATE FUNCTION pipeline.due_elsewhere(p_limit integer, p_at timestamptz, p_full uuid[])
RETURNS TABLE (id uuid, message_id uuid)
LANGUAGE plpgsql SET search_path = pg_catalog, public, pipeline
SET enable_seqscan = off SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    endpoints constant integer := 200;
    share constant integer := 128;
    began constant uuid := gen_random_uuid();
    beyond uuid := began;
    endpoint uuid;
    wrapped boolean := false;
    room integer := p_limit;
    found_here integer;
BEGIN
    FOR i IN 1..endpoints + cardinality(p_full) LOOP
        SELECT d.endpoint_id INTO endpoint FROM messaging_delivery d
        WHERE d.state = 'pending' AND d.endpoint_id > beyond ORDER BY d.endpoint_id LIMIT 1;
        IF endpoint IS NULL AND NOT wrapped THEN
            wrapped := true;
            beyond := '00000000-0000-0000-0000-000000000000';
            CONTINUE;
        END IF;
        EXIT WHEN endpoint IS NULL OR room <= 0 OR wrapped AND endpoint > began;
        beyond := endpoint;
        CONTINUE WHEN endpoint = ANY (p_full);
        RETURN QUERY
            SELECT d.id, d.message_id FROM messaging_delivery d
            WHERE d.state = 'pending' AND d.endpoint_id = endpoint AND d.due_at <= p_at AND (
                  SELECT true FROM messaging_delivery e
                  WHERE e.endpoint_id = d.endpoint_id AND e.message_id = d.message_id AND e.id < d.id
                    AND e.state IN ('pending', 'leased') LIMIT 1) IS NULL
            ORDER BY d.due_at LIMIT least(room, share) FOR UPDATE SKIP LOCKED;
        GET DIAGNOSTICS found_here = ROW_COUNT;
        room := room - found_here;
    END LOOP;
END
$$;
REVOKE ALL ON FUNCTION pipeline.due_elsewhere(integer, timestamptz, uuid[]) FROM PUBLIC;
ALTER FUNCTION pipeline.due_elsewhere(integer, timestamptz, uuid[]) OWNER TO sp_definer;
