-- The database side of a staff grant: what tenancy.enter and tenancy.workspace are to a workspace's own people. A
-- token's kind names the level: s1 metadata, s2 identifiers, s3 content.

-- Open one workspace to staff for the rest of this transaction, for reading and up to the token's level. Another one
-- in the same transaction is refused, and so is another level: a step up is a new look, with a record of its own.
CREATE FUNCTION tenancy.enter_staff(p_token text) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER PARALLEL UNSAFE
SET search_path = pg_catalog
AS $$
DECLARE
    kind text := split_part(coalesce(p_token, ''), '.', 1);
    entering uuid;
    present text := nullif(current_setting('tenancy.staff', true), '');
BEGIN
    IF kind NOT IN ('s1', 's2', 's3') THEN
        RAISE EXCEPTION 'staff context refused: malformed' USING ERRCODE = 'SP001';
    END IF;
    entering := tenancy.subject(kind, p_token);
    IF present IS NOT NULL AND present <> tenancy.seal(kind || '.' || entering) THEN
        RAISE EXCEPTION 'staff context refused: another grant is open' USING ERRCODE = 'SP001';
    END IF;
    PERFORM set_config('tenancy.staff', tenancy.seal(kind || '.' || entering), true);
    RETURN entering;
END
$$;

-- The workspace that staff may read at p_level. Policies call it as a scalar sub-select, once per query.
CREATE FUNCTION tenancy.granted(p_level integer) RETURNS uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL RESTRICTED
SET search_path = pg_catalog
AS $$
DECLARE
    present text := nullif(current_setting('tenancy.staff', true), '');
BEGIN
    IF present IS NULL THEN
        RAISE EXCEPTION 'no staff grant' USING ERRCODE = 'SP002';
    END IF;
    IF present <> tenancy.seal(left(present, 39)) OR left(present, 1) <> 's' THEN
        RAISE EXCEPTION 'staff context refused: forged' USING ERRCODE = 'SP001';
    END IF;
    IF substr(present, 2, 1)::integer < p_level THEN
        RAISE EXCEPTION 'staff context refused: this needs a higher level' USING ERRCODE = 'SP003';
    END IF;
    RETURN substr(present, 4, 36)::uuid;
END
$$;

REVOKE ALL ON FUNCTION tenancy.enter_staff(text), tenancy.granted(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenancy.enter_staff(text), tenancy.granted(integer) TO sp_staff, sp_definer;
-- Staff have a context of their own and no use for that of a workspace's people.
REVOKE EXECUTE ON FUNCTION tenancy.enter(text), tenancy.workspace() FROM sp_staff;
