-- Taking a closed workspace apart. Both functions ask the workspace's own row whether its time has come, so that no
-- mistake of a caller can touch a living one.

-- Workspaces whose erasure is due and not finished.
CREATE FUNCTION access.closings_due(p_at timestamptz) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$ SELECT id FROM accounts_workspace WHERE erase_at <= p_at AND erased_at IS NULL ORDER BY erase_at $$;

CREATE FUNCTION access.must_be_due(p_workspace uuid, p_at timestamptz) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public
AS $$
BEGIN
    PERFORM 1 FROM accounts_workspace w
    WHERE w.id = p_workspace AND w.closed_at <= p_at AND w.erase_at <= p_at AND w.erased_at IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'this workspace is not to be erased' USING ERRCODE = 'SP021';
    END IF;
END
$$;

-- Delete up to p_limit rows of one table that belong to the workspace; how many. p_key is the table's primary key.
CREATE FUNCTION access.erase_rows(p_workspace uuid, p_table text, p_key text[], p_at timestamptz, p_limit integer)
RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
DECLARE
    key_columns text := (SELECT string_agg(quote_ident(k), ', ') FROM unnest(p_key) AS k);
    removed integer;
BEGIN
    PERFORM access.must_be_due(p_workspace, p_at);
    EXECUTE format(
        'DELETE FROM %1$I WHERE workspace_id = $1 AND (%2$s) IN (SELECT %2$s FROM %1$I WHERE workspace_id = $1 LIMIT $2)',
        p_table, key_columns) USING p_workspace, p_limit;
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN removed;
END
$$;

-- Empty the workspace's own row, which the books refer to, and note that everything is done.
CREATE FUNCTION access.finish_closing(p_workspace uuid, p_at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
BEGIN
    PERFORM access.must_be_due(p_workspace, p_at);
    UPDATE accounts_workspace SET erased_at = p_at, name = '', company = NULL, contact_name = NULL,
        contact_email = NULL, contact_phone = NULL, join_token = NULL, join_digest = NULL
    WHERE id = p_workspace;
END
$$;

GRANT UPDATE ON accounts_workspace TO sp_definer;
-- People delete themselves. Whoever is in a workspace is held by the membership's foreign key.
GRANT DELETE ON accounts_user TO sp_app;
REVOKE ALL ON FUNCTION access.closings_due(timestamptz), access.must_be_due(uuid, timestamptz),
    access.erase_rows(uuid, text, text[], timestamptz, integer), access.finish_closing(uuid, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION access.closings_due(timestamptz), access.finish_closing(uuid, timestamptz),
    access.erase_rows(uuid, text, text[], timestamptz, integer) TO sp_system;
ALTER FUNCTION access.closings_due(timestamptz) OWNER TO sp_definer;
ALTER FUNCTION access.must_be_due(uuid, timestamptz) OWNER TO sp_definer;
ALTER FUNCTION access.erase_rows(uuid, text, text[], timestamptz, integer) OWNER TO sp_definer;
ALTER FUNCTION access.finish_closing(uuid, timestamptz) OWNER TO sp_definer;
