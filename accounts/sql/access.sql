-- Questions that must be answered before a workspace is known: whose key is this, and where does this person belong.
CREATE SCHEMA access;
GRANT USAGE ON SCHEMA access TO sp_app, sp_system, sp_definer;
GRANT CREATE ON SCHEMA access TO sp_definer;

-- The key with this SHA-256, if its secret is known to the caller; nothing about any other key.
CREATE FUNCTION access.key_by_digest(p_digest bytea) RETURNS TABLE (
    id uuid, workspace_id uuid, livemode boolean, scopes text[], ip_ranges text[], rate_max integer, day_max integer,
    expires_at timestamptz, revoked_at timestamptz, currency text, body_hours smallint, price_plan_id uuid,
    sends_max integer, closed_at timestamptz
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    SELECT k.id, k.workspace_id, k.livemode, k.scopes, k.ip_ranges, k.rate_max, k.day_max, k.expires_at, k.revoked_at,
           w.currency, w.body_hours, w.price_plan_id, w.sends_max, w.closed_at
    FROM accounts_api_key k JOIN accounts_workspace w ON w.id = k.workspace_id WHERE k.digest = p_digest
$$;

-- The workspaces of a person who has signed in; the token proves that the application says so.
CREATE FUNCTION access.memberships(p_token text) RETURNS TABLE (workspace_id uuid, name text, role text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    SELECT w.id, w.name, m.role FROM accounts_membership m JOIN accounts_workspace w ON w.id = m.workspace_id
    WHERE m.user_id = tenancy.subject('u', p_token) AND w.closed_at IS NULL ORDER BY w.name, w.id
$$;

-- Note that keys were used; the caller sends each key at most once a minute.
CREATE FUNCTION access.touch_keys(p_keys uuid[], p_at timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public
AS $$ UPDATE accounts_api_key SET last_used_at = p_at WHERE id = ANY (p_keys) $$;

REVOKE ALL ON FUNCTION access.key_by_digest(bytea), access.memberships(text), access.touch_keys(uuid[], timestamptz)
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION access.key_by_digest(bytea), access.memberships(text), access.touch_keys(uuid[], timestamptz)
    TO sp_app;
ALTER FUNCTION access.key_by_digest(bytea) OWNER TO sp_definer;
ALTER FUNCTION access.memberships(text) OWNER TO sp_definer;
ALTER FUNCTION access.touch_keys(uuid[], timestamptz) OWNER TO sp_definer;
