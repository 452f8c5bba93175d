-- Workspaces by name or id, for staff who look for one: also until when it can be taken back that one was closed, and
-- since when an owner is asked by mail whether it is to be.
DROP FUNCTION access.find_workspaces(uuid, text, integer);
CREATE FUNCTION access.find_workspaces(p_id uuid, p_text text, p_limit integer) RETURNS TABLE (
    id uuid, name text, created_at timestamptz, closed_at timestamptz, erased_at timestamptz,
    suspended_at timestamptz, staff_approval boolean, erase_at timestamptz, closing_asked_at timestamptz
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    SELECT w.id, w.name, w.created_at, w.closed_at, w.erased_at, w.suspended_at, w.staff_approval, w.erase_at,
           (SELECT c.asked_at FROM accounts_closing_wish c WHERE c.workspace_id = w.id)
    FROM accounts_workspace w
    WHERE (p_id IS NOT NULL AND w.id = p_id)
       OR (p_id IS NULL AND position(lower(p_text) IN lower(w.name)) > 0)
    ORDER BY w.id DESC LIMIT p_limit
$$;

REVOKE ALL ON FUNCTION access.find_workspaces(uuid, text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION access.find_workspaces(uuid, text, integer) TO sp_staff;
ALTER FUNCTION access.find_workspaces(uuid, text, integer) OWNER TO sp_definer;
