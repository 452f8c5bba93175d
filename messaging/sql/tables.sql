-- Tables of traffic. Monthly partitions by UUIDv7 for what lives 90 days, daily partitions by expiry for bodies.
CREATE SCHEMA pipeline;
GRANT USAGE ON SCHEMA pipeline TO sp_app, sp_system, sp_definer;
GRANT CREATE ON SCHEMA pipeline TO sp_definer;

-- The smallest value a UUIDv7 of this millisecond can have, and a new one. (uuidv7() exists from PostgreSQL 18 on.)
CREATE FUNCTION pipeline.floor(p_at timestamptz) RETURNS uuid
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog
AS $$ SELECT (lpad(to_hex((extract(epoch FROM p_at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid $$;

CREATE FUNCTION pipeline.uuid7(p_at timestamptz) RETURNS uuid
LANGUAGE sql VOLATILE STRICT PARALLEL SAFE
AS $$
    SELECT encode(set_byte(
        substring(int8send((extract(epoch FROM p_at) * 1000)::bigint) FROM 3) || substring(uuid_send(r) FROM 7),
        6, (get_byte(uuid_send(r), 6) & 15) | 112), 'hex')::uuid
    FROM gen_random_uuid() AS r
$$;

CREATE TABLE messaging_message (
    id uuid NOT NULL PRIMARY KEY,
    workspace_id uuid NOT NULL,
    livemode boolean NOT NULL,
    api_key_id uuid,
    user_id uuid,
    batch_id uuid,
    sender_id uuid NOT NULL,
    from_used_id uuid,
    template_id uuid,
    callback_id uuid,
    to_ct bytea,
    to_idx bytea NOT NULL,
    country varchar(2) NOT NULL,
    category varchar(13) NOT NULL,
    encoding varchar(4) NOT NULL,
    parts smallint NOT NULL CHECK (parts > 0),
    unit_price bigint NOT NULL CHECK (unit_price >= 0),
    price bigint NOT NULL CHECK (price >= 0),
    currency varchar(3) NOT NULL,
    price_item_id uuid,
    refund_basis varchar(9) NOT NULL,
    refunded boolean NOT NULL DEFAULT false,
    status varchar(11) NOT NULL,
    error varchar(40),
    send_at timestamptz,
    expires_at timestamptz NOT NULL,
    final_at timestamptz,
    body_expires_at timestamptz NOT NULL,
    redacted_at timestamptz,
    discard_body boolean NOT NULL DEFAULT false,
    mask_recipient boolean NOT NULL DEFAULT false,
    reference_ct bytea,
    reference_idx bytea,
    metadata_ct bytea
) PARTITION BY RANGE (id);
CREATE INDEX message_list ON messaging_message (workspace_id, id DESC);
CREATE INDEX message_number ON messaging_message (workspace_id, to_idx, id DESC);
CREATE INDEX message_reference ON messaging_message (workspace_id, reference_idx, id DESC)
    WHERE reference_idx IS NOT NULL;

CREATE TABLE messaging_attempt (
    message_id uuid NOT NULL,
    part smallint NOT NULL,
    attempt smallint NOT NULL,
    workspace_id uuid NOT NULL,
    carrier_id uuid NOT NULL,
    session varchar(12) NOT NULL,
    sequence bigint NOT NULL,
    outcome varchar(10) NOT NULL,
    code varchar(40),
    ref varchar(65),
    submitted_at timestamptz NOT NULL,
    receipt varchar(13),
    receipt_code varchar(40),
    receipt_at timestamptz,
    PRIMARY KEY (message_id, part, attempt)
) PARTITION BY RANGE (message_id);
CREATE INDEX attempt_ref ON messaging_attempt (carrier_id, ref) WHERE ref IS NOT NULL;

CREATE TABLE messaging_body (
    expires_on date NOT NULL,
    message_id uuid NOT NULL,
    workspace_id uuid NOT NULL,
    text_ct bytea NOT NULL,
    PRIMARY KEY (expires_on, message_id)
) PARTITION BY RANGE (expires_on);

-- The queue: many short-lived rows, so room for updates in the page and an eager vacuum.
ALTER TABLE messaging_outbox SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_vacuum_cost_delay = 0);
ALTER TABLE messaging_delivery SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);

-- A message and an attempt are updated once each. With room in the page that update touches no index (fillfactor 55).
-- Make the partitions that the days and months around p_at need. Safe to repeat; owned by sp_owner because only an
-- owner may add partitions. Partitions get no grants: they are reached through their parent and its policies only.
CREATE FUNCTION pipeline.ensure_partitions(p_at timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline
AS $$
DECLARE
    made integer := 0;
    part text;
    parent text;
    month timestamptz;
    day date;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('pipeline.ensure_partitions'));
    FOREACH parent IN ARRAY ARRAY['messaging_message', 'messaging_attempt'] LOOP
        FOR i IN -3..2 LOOP
            month := (date_trunc('month', p_at AT TIME ZONE 'UTC') + make_interval(months => i)) AT TIME ZONE 'UTC';
            part := parent || to_char(month AT TIME ZONE 'UTC', '_YYYYMM');
            CONTINUE WHEN to_regclass('public.' || part) IS NOT NULL;
            EXECUTE format('CREATE TABLE public.%I PARTITION OF public.%I FOR VALUES FROM (%L) TO (%L) WITH (fillfactor = 55)',
                part, parent, pipeline.floor(month),
                pipeline.floor(((month AT TIME ZONE 'UTC') + interval '1 month') AT TIME ZONE 'UTC'));
            EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', part);
            made := made + 1;
        END LOOP;
    END LOOP;
    FOR i IN -1..9 LOOP
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

-- Drop what is wholly past: bodies of days before p_bodies_before, months of metadata that ended before p_before.
CREATE FUNCTION pipeline.drop_partitions(p_bodies_before date, p_before timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline
AS $$
DECLARE
    dropped integer := 0;
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
            CONTINUE WHEN to_date(right(part.relname, 6), 'YYYYMM') + interval '1 month' > p_before AT TIME ZONE 'UTC';
        END IF;
        EXECUTE format('DROP TABLE public.%I', part.relname);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END
$$;

REVOKE ALL ON FUNCTION pipeline.ensure_partitions(timestamptz), pipeline.drop_partitions(date, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pipeline.ensure_partitions(timestamptz), pipeline.drop_partitions(date, timestamptz)
    TO sp_system;
SELECT pipeline.ensure_partitions(now());
