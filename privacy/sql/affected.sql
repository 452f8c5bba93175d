-- Whom an incident concerns, by workspace: how many rows of these tables were written from p_from until before p_until,
-- and how many different values their columns hold (an empty column counts rows only). Ids carry their time, so the
-- primary key is all that is read. Counts and ids of workspaces come out, never a value.
CREATE FUNCTION privacy.affected(
    p_tables text[], p_columns text[], p_from uuid, p_until uuid, p_workspaces uuid[]
) RETURNS TABLE (workspace uuid, found bigint, people bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
DECLARE
    parts text[] := '{}';
    place integer;
BEGIN
    FOR place IN 1 .. coalesce(cardinality(p_tables), 0) LOOP
        IF NOT EXISTS (SELECT 1 FROM pg_class c WHERE c.oid = to_regclass('public.' || quote_ident(p_tables[place]))
                       AND c.relrowsecurity AND c.relforcerowsecurity) THEN
            RAISE EXCEPTION 'not a table of workspaces' USING ERRCODE = 'SP003';
        END IF;
        parts := parts || format(
            'SELECT workspace_id, %s AS who FROM public.%I WHERE id >= $1 AND id < $2'
            ' AND ($3 IS NULL OR workspace_id = ANY ($3))',
            CASE p_columns[place] WHEN '' THEN 'NULL::text' ELSE format('%I::text', p_columns[place]) END,
            p_tables[place]);
    END LOOP;
    IF cardinality(parts) > 0 THEN
        RETURN QUERY EXECUTE 'SELECT workspace_id, count(*), count(DISTINCT who) FROM ('
            || array_to_string(parts, ' UNION ALL ') || ') rows GROUP BY workspace_id' USING p_from, p_until, p_workspaces;
    END IF;
END
$$;
GRANT CREATE ON SCHEMA privacy TO sp_definer;
REVOKE ALL ON FUNCTION privacy.affected(text[], text[], uuid, uuid, uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION privacy.affected(text[], text[], uuid, uuid, uuid[]) TO sp_system;
ALTER FUNCTION privacy.affected(text[], text[], uuid, uuid, uuid[]) OWNER TO sp_definer;
REVOKE CREATE ON SCHEMA privacy FROM sp_definer;
