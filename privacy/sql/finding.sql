-- Where a person is known. Each workspace finds a number by an index under its own key, so the same number has another
-- index in each: the caller computes them all, and one query probes them.

-- The workspaces, of those given with the index of a value there, that have a row with it. p_column must be an index.
CREATE FUNCTION privacy.holders(p_table text, p_column text, p_workspace uuid[], p_idx bytea[]) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
BEGIN
    IF p_column NOT LIKE '%\_idx' THEN
        RAISE EXCEPTION 'not an index: %', p_column USING ERRCODE = 'SP030';
    END IF;
    RETURN QUERY EXECUTE format(
        'SELECT k.workspace FROM unnest($1, $2) AS k(workspace, idx)
         WHERE EXISTS (SELECT 1 FROM %1$I t WHERE t.workspace_id = k.workspace AND t.%2$I = k.idx)',
        p_table, p_column) USING p_workspace, p_idx;
END
$$;

GRANT CREATE ON SCHEMA privacy TO sp_definer;
REVOKE ALL ON FUNCTION privacy.holders(text, text, uuid[], bytea[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION privacy.holders(text, text, uuid[], bytea[]) TO sp_system;
ALTER FUNCTION privacy.holders(text, text, uuid[], bytea[]) OWNER TO sp_definer;
REVOKE CREATE ON SCHEMA privacy FROM sp_definer;
