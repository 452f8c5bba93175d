-- Make the partitions that the days and months around p_at need. Safe to repeat; owned by sp_owner because only an
-- owner may add partitions. Texts are kept for at most 10 days (the longest of the policies), counted from a time at most
-- 7 days ahead: the day after the seventeenth is a partition's too.
CREATE OR REPLACE FUNCTION pipeline.ensure_partitions(p_at timestamptz) RETURNS integer
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
    FOR i IN -1..18 LOOP
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
SELECT pipeline.ensure_partitions(now());
