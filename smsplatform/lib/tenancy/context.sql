-- The database side of the signed workspace context. Everything here is owned by sp_owner; no role that logs in
-- at run time can read the keys or call the function that signs.
CREATE SCHEMA tenancy;
GRANT USAGE ON SCHEMA tenancy TO sp_app, sp_system, sp_definer, sp_staff, sp_audit;

CREATE TABLE tenancy.signing_key (
    kid smallint PRIMARY KEY,   -- 0: the database's own, 1: the application's
    inner_pad bytea NOT NULL,
    outer_pad bytea NOT NULL
);

CREATE FUNCTION tenancy.sign(p_kid smallint, p_text text) RETURNS bytea
LANGUAGE sql STABLE STRICT PARALLEL RESTRICTED
SET search_path = pg_catalog
AS $$
    SELECT sha256(outer_pad || sha256(inner_pad || convert_to(p_text, 'UTF8')))
    FROM tenancy.signing_key WHERE kid = p_kid
$$;

-- The subject of a token, or an error that says why it is refused (SQLSTATE SP001).
CREATE FUNCTION tenancy.subject(p_kind text, p_token text) RETURNS uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL RESTRICTED
SET search_path = pg_catalog
AS $$
DECLARE
    part text[] := string_to_array(p_token, '.');
BEGIN
    IF array_length(part, 1) IS DISTINCT FROM 4 OR part[1] <> p_kind THEN
        RAISE EXCEPTION 'workspace context refused: malformed' USING ERRCODE = 'SP001';
    END IF;
    IF tenancy.sign(1::smallint, part[1] || '.' || part[2] || '.' || part[3] || '.' || pg_backend_pid())
       IS DISTINCT FROM decode(part[4], 'hex') THEN
        RAISE EXCEPTION 'workspace context refused: not signed for this session' USING ERRCODE = 'SP001';
    END IF;
    IF part[3]::bigint < extract(epoch FROM clock_timestamp()) THEN
        RAISE EXCEPTION 'workspace context refused: expired' USING ERRCODE = 'SP001';
    END IF;
    RETURN part[2]::uuid;
EXCEPTION WHEN invalid_text_representation OR invalid_parameter_value OR numeric_value_out_of_range THEN
    RAISE EXCEPTION 'workspace context refused: malformed' USING ERRCODE = 'SP001';
END
$$;

CREATE FUNCTION tenancy.seal(p_workspace text) RETURNS text
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog
AS $$
    SELECT p_workspace || '.' || encode(tenancy.sign(0::smallint, p_workspace || '.' || pg_backend_pid() || '.'
        || extract(epoch FROM transaction_timestamp())), 'hex')
$$;

-- Open the scope of one workspace for the rest of this transaction. A second workspace in the same transaction is
-- refused: it would stay in force after the inner block (a leak that nesting in Python cannot see).
CREATE FUNCTION tenancy.enter(p_token text) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER PARALLEL UNSAFE
SET search_path = pg_catalog
AS $$
DECLARE
    entering uuid := tenancy.subject('w', p_token);
    present text := nullif(current_setting('tenancy.context', true), '');
BEGIN
    IF present IS NOT NULL AND present <> tenancy.seal(entering::text) THEN
        RAISE EXCEPTION 'workspace context refused: another workspace is open' USING ERRCODE = 'SP001';
    END IF;
    PERFORM set_config('tenancy.context', tenancy.seal(entering::text), true);
    RETURN entering;
END
$$;

-- The workspace in force. Policies call it as a scalar sub-select, once per query.
CREATE FUNCTION tenancy.workspace() RETURNS uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL RESTRICTED
SET search_path = pg_catalog
AS $$
DECLARE
    present text := nullif(current_setting('tenancy.context', true), '');
BEGIN
    IF present IS NULL THEN
        RAISE EXCEPTION 'no workspace context' USING ERRCODE = 'SP002';
    END IF;
    IF present <> tenancy.seal(left(present, 36)) THEN
        RAISE EXCEPTION 'workspace context refused: forged' USING ERRCODE = 'SP001';
    END IF;
    RETURN left(present, 36)::uuid;
END
$$;

REVOKE ALL ON FUNCTION tenancy.sign(smallint, text), tenancy.seal(text), tenancy.subject(text, text),
    tenancy.enter(text), tenancy.workspace() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenancy.subject(text, text) TO sp_definer;
GRANT EXECUTE ON FUNCTION tenancy.enter(text), tenancy.workspace() TO sp_app, sp_definer, sp_staff;
