-- Taking a person out of the tables of workspaces. Only the worker of erasures may call these.

-- Workspaces with rows that refer to a person by an indexed column.
CREATE FUNCTION privacy.places(p_table text, p_column text, p_person uuid) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public SET enable_seqscan = off
AS $$
BEGIN
    IF p_column NOT LIKE '%\_id' THEN
        RAISE EXCEPTION 'not a reference: %', p_column USING ERRCODE = 'SP030';
    END IF;
    RETURN QUERY EXECUTE format('SELECT DISTINCT workspace_id FROM %1$I WHERE %2$I = $1', p_table, p_column)
        USING p_person;
END
$$;

-- Up to p_limit rows of one workspace (null: of any, by their own ids) whose column holds one of the values: deleted, or, where p_set is given, changed.
-- p_set names columns and what becomes of them: null · empty · object · uuid · bytes (the last two: random pseudonyms).
CREATE FUNCTION privacy.erase_rows(
    p_table text, p_workspace uuid, p_column text, p_values text[], p_set jsonb, p_limit integer
) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
DECLARE
    kind text := (SELECT format_type(a.atttypid, a.atttypmod) FROM pg_attribute a
                  WHERE a.attrelid = to_regclass(quote_ident(p_table)) AND a.attname = p_column);
    picked text := format(
        '(tableoid, ctid) IN (SELECT tableoid, ctid FROM %1$I WHERE ($1 IS NULL OR workspace_id = $1) AND %2$I = ANY ($2::%3$s[])
          LIMIT $3)', p_table, p_column, kind);
    assignments text := (SELECT string_agg(format('%I = %s', key, CASE value
        WHEN 'null' THEN 'NULL' WHEN 'empty' THEN '''''' WHEN 'object' THEN '''{}''' WHEN 'uuid' THEN 'gen_random_uuid()'
        WHEN 'bytes' THEN 'substr(sha256(uuid_send(gen_random_uuid())), 1, 16)' END), ', ')
        FROM jsonb_each_text(p_set));
    changed integer;
BEGIN
    IF assignments IS NULL THEN
        EXECUTE format('DELETE FROM %I WHERE %s', p_table, picked)
            USING p_workspace, p_values, p_limit;
    ELSE
        EXECUTE format('UPDATE %I SET %s WHERE %s', p_table, assignments, picked)
            USING p_workspace, p_values, p_limit;
    END IF;
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
END
$$;

-- The next epoch, or a given one if this database is behind it.
CREATE FUNCTION privacy.announce_epoch(p_epoch bigint) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    INSERT INTO privacy_known_epoch AS k (id, epoch) VALUES (1, greatest(p_epoch, 1))
    ON CONFLICT (id) DO UPDATE SET epoch = CASE WHEN p_epoch = 0 THEN k.epoch + 1 ELSE greatest(k.epoch, p_epoch) END
    RETURNING epoch
$$;

GRANT SELECT, INSERT, UPDATE ON privacy_known_epoch TO sp_definer;
GRANT SELECT ON privacy_known_epoch TO sp_system, sp_app;
GRANT CREATE ON SCHEMA privacy TO sp_definer;
DO $$
DECLARE
    routine regprocedure;
BEGIN
    FOR routine IN
        SELECT p.oid::regprocedure FROM pg_proc p
        WHERE p.pronamespace = 'privacy'::regnamespace AND p.proname IN ('places', 'erase_rows', 'announce_epoch')
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', routine);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO sp_system', routine);
        EXECUTE format('ALTER FUNCTION %s OWNER TO sp_definer', routine);
    END LOOP;
END
$$;
REVOKE CREATE ON SCHEMA privacy FROM sp_definer;
