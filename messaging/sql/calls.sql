-- The log of API requests: monthly partitions by UUIDv7, written in bulk by the web process, read by the workspace.
CREATE TABLE messaging_call (
    id uuid NOT NULL PRIMARY KEY,
    workspace_id uuid NOT NULL,
    livemode boolean NOT NULL,
    request_id varchar(64) NOT NULL,
    key_id uuid NOT NULL,
    method varchar(7) NOT NULL,
    route varchar(120) NOT NULL,
    status smallint NOT NULL CHECK (status >= 0),
    code varchar(40),
    pointers varchar(80)[] NOT NULL,
    duration_ms integer NOT NULL CHECK (duration_ms >= 0),
    message_id uuid,
    country varchar(2),
    parts smallint CHECK (parts >= 0)
) PARTITION BY RANGE (id);
CREATE INDEX call_list ON messaging_call (workspace_id, id DESC);
CREATE INDEX call_errors ON messaging_call (workspace_id, id DESC) WHERE status >= 400;
CREATE INDEX call_request ON messaging_call (workspace_id, request_id);

-- The months around p_at, as pipeline.ensure_partitions makes them for messages.
CREATE FUNCTION pipeline.ensure_call_partitions(p_at timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline
AS $$
DECLARE
    made integer := 0;
    part text;
    month timestamptz;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('pipeline.ensure_partitions'));
    FOR i IN -3..2 LOOP
        month := (date_trunc('month', p_at AT TIME ZONE 'UTC') + make_interval(months => i)) AT TIME ZONE 'UTC';
        part := 'messaging_call' || to_char(month AT TIME ZONE 'UTC', '_YYYYMM');
        CONTINUE WHEN to_regclass('public.' || part) IS NOT NULL;
        EXECUTE format('CREATE TABLE public.%I PARTITION OF public.messaging_call FOR VALUES FROM (%L) TO (%L)', part,
            pipeline.floor(month), pipeline.floor(((month AT TIME ZONE 'UTC') + interval '1 month') AT TIME ZONE 'UTC'));
        EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', part);
        made := made + 1;
    END LOOP;
    RETURN made;
END
$$;

-- Drop the months that ended before p_before.
CREATE FUNCTION pipeline.drop_call_partitions(p_before timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline
AS $$
DECLARE
    dropped integer := 0;
    part name;
BEGIN
    FOR part IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'public.messaging_call'::regclass
          AND to_date(right(c.relname, 6), 'YYYYMM') + interval '1 month' <= p_before AT TIME ZONE 'UTC'
    LOOP
        EXECUTE format('DROP TABLE public.%I', part);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END
$$;

-- Write requests of several workspaces at once. Each workspace is proven by its signed context; p_of says which
-- workspace a row belongs to, by position. Safe to repeat.
CREATE FUNCTION pipeline.record_calls(
    p_token text[], p_workspace uuid[], p_of integer[], p_id uuid[], p_livemode boolean[], p_request_id text[],
    p_key uuid[], p_method text[], p_route text[], p_status smallint[], p_code text[], p_pointers text[],
    p_duration_ms integer[], p_message uuid[], p_country text[], p_parts smallint[]
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline
AS $$
BEGIN
    PERFORM 1 FROM unnest(p_token, p_workspace) AS s(token, workspace)
    WHERE tenancy.subject('w', s.token) IS DISTINCT FROM s.workspace;
    IF FOUND THEN
        RAISE EXCEPTION 'workspace context refused: another workspace' USING ERRCODE = 'SP001';
    END IF;
    INSERT INTO messaging_call (id, workspace_id, livemode, request_id, key_id, method, route, status, code, pointers,
        duration_ms, message_id, country, parts)
    SELECT r.id, p_workspace[r.source], r.livemode, r.request_id, r.key, r.method, r.route, r.status, r.code,
        string_to_array(r.pointers, ' '), r.duration_ms, r.message, r.country, r.parts
    FROM unnest(p_of, p_id, p_livemode, p_request_id, p_key, p_method, p_route, p_status, p_code, p_pointers,
        p_duration_ms, p_message, p_country, p_parts)
        AS r(source, id, livemode, request_id, key, method, route, status, code, pointers, duration_ms, message,
             country, parts)
    ON CONFLICT DO NOTHING;
END
$$;

-- Requests answered before p_before, oldest first, at most p_limit a call.
CREATE FUNCTION pipeline.purge_calls(p_before timestamptz, p_limit integer) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline SET enable_seqscan = off
AS $$
    WITH gone AS (
        DELETE FROM messaging_call c USING (
            SELECT id FROM messaging_call WHERE id < pipeline.floor(p_before)
            ORDER BY id LIMIT p_limit FOR UPDATE SKIP LOCKED) AS old
        WHERE c.id = old.id AND c.id < pipeline.floor(p_before) RETURNING 1
    ) SELECT count(*)::integer FROM gone
$$;

REVOKE ALL ON FUNCTION pipeline.ensure_call_partitions, pipeline.drop_call_partitions, pipeline.record_calls,
    pipeline.purge_calls FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pipeline.ensure_call_partitions, pipeline.drop_call_partitions, pipeline.purge_calls
    TO sp_system;
GRANT EXECUTE ON FUNCTION pipeline.record_calls TO sp_app;
ALTER FUNCTION pipeline.record_calls OWNER TO sp_definer;
ALTER FUNCTION pipeline.purge_calls OWNER TO sp_definer;
SELECT pipeline.ensure_call_partitions(now());
