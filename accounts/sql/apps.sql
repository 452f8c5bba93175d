-- The apps that a signed-in person is signed in to, in all workspaces: families of tokens that can still be refreshed.
CREATE FUNCTION access.apps(p_token text, p_at timestamptz) RETURNS TABLE (
    family uuid, workspace_id uuid, workspace_name text, livemode boolean, since timestamptz, seen_at timestamptz
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    SELECT t.family, t.workspace_id, w.name, bool_and(t.livemode), min(t.created_at), max(t.created_at)
    FROM accounts_refresh_token t
    JOIN accounts_workspace w ON w.id = t.workspace_id
    WHERE t.user_id = tenancy.subject('u', p_token)
    GROUP BY t.family, t.workspace_id, w.name
    HAVING bool_or(t.revoked_at IS NULL AND t.used_at IS NULL AND t.expires_at > p_at)
    ORDER BY max(t.created_at) DESC LIMIT 50
$$;

REVOKE ALL ON FUNCTION access.apps(text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION access.apps(text, timestamptz) TO sp_app;
ALTER FUNCTION access.apps(text, timestamptz) OWNER TO sp_definer;
