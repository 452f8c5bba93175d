-- Questions about tokens, asked before a workspace is known. Who asks must know the token, or the random id of its
-- family from a signed access token.

-- The workspace of the refresh token with this SHA-256.
CREATE FUNCTION access.refresh_token_workspace(p_digest bytea) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$ SELECT t.workspace_id FROM accounts_refresh_token t WHERE t.digest = p_digest $$;

-- What the person of a family may do, while the family, the person and their membership last.
CREATE FUNCTION access.token_holder(p_family uuid, p_user uuid, p_workspace uuid) RETURNS TABLE (
    role text, currency text, body_hours smallint, price_plan_id uuid, sends_max integer, closed_at timestamptz
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    SELECT m.role, w.currency, w.body_hours, w.price_plan_id, w.sends_max, w.closed_at
    FROM accounts_membership m
    JOIN accounts_workspace w ON w.id = m.workspace_id
    JOIN accounts_user u ON u.id = m.user_id AND u.is_active
    WHERE m.user_id = p_user AND m.workspace_id = p_workspace
      AND EXISTS (SELECT 1 FROM accounts_refresh_token t
                  WHERE t.family = p_family AND t.user_id = p_user AND t.workspace_id = p_workspace
                    AND t.revoked_at IS NULL)
$$;

-- End every family of a signed-in person, in all workspaces; how many tokens. After a new password, for example.
CREATE FUNCTION access.revoke_tokens(p_token text, p_at timestamptz) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    WITH ended AS (
        UPDATE accounts_refresh_token SET revoked_at = p_at
        WHERE user_id = tenancy.subject('u', p_token) AND revoked_at IS NULL RETURNING 1
    ) SELECT count(*)::integer FROM ended
$$;

-- Delete refresh tokens that ran out before p_at; how many.
CREATE FUNCTION access.purge_tokens(p_at timestamptz, p_limit integer) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    WITH gone AS (
        DELETE FROM accounts_refresh_token t USING (
            SELECT id FROM accounts_refresh_token WHERE expires_at <= p_at ORDER BY expires_at LIMIT p_limit
            FOR UPDATE SKIP LOCKED) AS old
        WHERE t.id = old.id RETURNING 1
    ) SELECT count(*)::integer FROM gone
$$;

REVOKE ALL ON FUNCTION access.refresh_token_workspace(bytea), access.token_holder(uuid, uuid, uuid),
    access.revoke_tokens(text, timestamptz), access.purge_tokens(timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION access.refresh_token_workspace(bytea), access.token_holder(uuid, uuid, uuid),
    access.revoke_tokens(text, timestamptz) TO sp_app;
GRANT EXECUTE ON FUNCTION access.purge_tokens(timestamptz, integer) TO sp_system;
ALTER FUNCTION access.refresh_token_workspace(bytea) OWNER TO sp_definer;
ALTER FUNCTION access.token_holder(uuid, uuid, uuid) OWNER TO sp_definer;
ALTER FUNCTION access.revoke_tokens(text, timestamptz) OWNER TO sp_definer;
ALTER FUNCTION access.purge_tokens(timestamptz, integer) OWNER TO sp_definer;
