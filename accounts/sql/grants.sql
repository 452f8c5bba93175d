-- What no statement may do to a grant, whoever sends it: give it more time, another purpose, another person, or two
-- levels at once. The other rules are check constraints of the table.
CREATE FUNCTION access.guard_grant() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public
AS $$
BEGIN
    IF (NEW.id, NEW.workspace_id, NEW.staff_id, NEW.category, NEW.reason, NEW.ticket, NEW.minutes, NEW.break_glass,
        NEW.created_at, NEW.customer_asked)
       IS DISTINCT FROM
       (OLD.id, OLD.workspace_id, OLD.staff_id, OLD.category, OLD.reason, OLD.ticket, OLD.minutes, OLD.break_glass,
        OLD.created_at, OLD.customer_asked)
    THEN
        RAISE EXCEPTION 'a grant stays what it was opened for' USING ERRCODE = 'SP030';
    END IF;
    IF (OLD.starts_at IS NOT NULL AND (NEW.starts_at, NEW.expires_at) IS DISTINCT FROM (OLD.starts_at, OLD.expires_at))
       OR (OLD.ended_at IS NOT NULL AND NEW.ended_at IS DISTINCT FROM OLD.ended_at)
       OR (OLD.refused_at IS NOT NULL AND NEW.refused_at IS DISTINCT FROM OLD.refused_at)
    THEN
        RAISE EXCEPTION 'a grant is not renewed' USING ERRCODE = 'SP030';
    END IF;
    IF NEW.level > OLD.level + 1 THEN
        RAISE EXCEPTION 'a grant goes up step by step' USING ERRCODE = 'SP030';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER guard_grant BEFORE UPDATE ON accounts_staff_grant
    FOR EACH ROW EXECUTE FUNCTION access.guard_grant();

-- Workspaces by name or id, for staff who look for one: what a telephone book says, and no more. p_id finds one, p_text
-- those whose name contains it.
CREATE FUNCTION access.find_workspaces(p_id uuid, p_text text, p_limit integer) RETURNS TABLE (
    id uuid, name text, created_at timestamptz, closed_at timestamptz, erased_at timestamptz,
    suspended_at timestamptz, staff_approval boolean
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    SELECT w.id, w.name, w.created_at, w.closed_at, w.erased_at, w.suspended_at, w.staff_approval
    FROM accounts_workspace w
    WHERE (p_id IS NOT NULL AND w.id = p_id)
       OR (p_id IS NULL AND position(lower(p_text) IN lower(w.name)) > 0)
    ORDER BY w.id DESC LIMIT p_limit
$$;

-- Names of workspaces that a list of grants is about.
CREATE FUNCTION access.workspace_names(p_ids uuid[]) RETURNS TABLE (id uuid, name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$ SELECT w.id, w.name FROM accounts_workspace w WHERE w.id = ANY (p_ids) $$;

-- The people of the workspace in the grant. Addresses are ciphertext of the platform's own key: whoever asks shows
-- them masked below the level of identifiers.
CREATE FUNCTION access.team_under_grant() RETURNS TABLE (
    user_id uuid, role text, since timestamptz, second_factor boolean, is_active boolean, sessions integer,
    email bytea, name bytea
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    SELECT u.id, m.role, m.created_at, u.second_factor, u.is_active,
           (SELECT count(*)::integer FROM accounts_session s WHERE s.user_id = u.id), u.email, u.name
    FROM accounts_membership m JOIN accounts_user u ON u.id = m.user_id
    WHERE m.workspace_id = tenancy.granted(1) ORDER BY m.id
$$;

-- Delete grants of which the last day is past; how many.
CREATE FUNCTION access.purge_grants(p_before timestamptz, p_limit integer) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    WITH gone AS (
        DELETE FROM accounts_staff_grant WHERE id IN (
            SELECT g.id FROM accounts_staff_grant g
            WHERE coalesce(g.expires_at, g.created_at) < p_before ORDER BY g.id LIMIT p_limit)
        RETURNING 1
    ) SELECT count(*)::integer FROM gone
$$;

GRANT SELECT ON accounts_user, accounts_session TO sp_definer;
GRANT USAGE ON SCHEMA access TO sp_staff;
REVOKE ALL ON FUNCTION access.guard_grant(), access.find_workspaces(uuid, text, integer),
    access.workspace_names(uuid[]), access.team_under_grant(), access.purge_grants(timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION access.find_workspaces(uuid, text, integer), access.workspace_names(uuid[]),
    access.team_under_grant() TO sp_staff;
GRANT EXECUTE ON FUNCTION access.purge_grants(timestamptz, integer) TO sp_system;
ALTER FUNCTION access.find_workspaces(uuid, text, integer) OWNER TO sp_definer;
ALTER FUNCTION access.workspace_names(uuid[]) OWNER TO sp_definer;
ALTER FUNCTION access.team_under_grant() OWNER TO sp_definer;
ALTER FUNCTION access.purge_grants(timestamptz, integer) OWNER TO sp_definer;
