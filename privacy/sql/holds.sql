-- Whether something is held, asked by whatever removes it. A hold names the units it keeps and, if it does not keep all
-- of a workspace, the messages.
GRANT CREATE ON SCHEMA privacy TO sp_definer;
CREATE FUNCTION privacy.holds(p_unit text, p_workspace uuid, p_message uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    SELECT EXISTS (SELECT 1 FROM privacy_hold h
                   WHERE h.released_at IS NULL AND h.workspace_id = p_workspace AND p_unit = ANY (h.units)
                     AND (cardinality(h.message_ids) = 0 OR p_message IS NULL OR p_message = ANY (h.message_ids)))
$$;

CREATE FUNCTION privacy.holds_any(p_unit text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$ SELECT EXISTS (SELECT 1 FROM privacy_hold h WHERE h.released_at IS NULL AND p_unit = ANY (h.units)) $$;

REVOKE ALL ON FUNCTION privacy.holds, privacy.holds_any FROM PUBLIC;
GRANT EXECUTE ON FUNCTION privacy.holds, privacy.holds_any TO sp_system, sp_definer;
ALTER FUNCTION privacy.holds OWNER TO sp_definer;
ALTER FUNCTION privacy.holds_any OWNER TO sp_definer;
REVOKE CREATE ON SCHEMA privacy FROM sp_definer;
-- Granted by their new owner: sp_owner may become it, and inherits none of its rights.
SET LOCAL ROLE sp_definer;
GRANT EXECUTE ON FUNCTION privacy.holds_any TO sp_owner;
RESET ROLE;
