-- Whose key a request carries, now with the version of the API that the key was made with.
DROP FUNCTION access.key_by_digest(bytea);
CREATE FUNCTION access.key_by_digest(p_digest bytea) RETURNS TABLE (
    id uuid, workspace_id uuid, livemode boolean, scopes text[], ip_ranges text[], rate_max integer, day_max integer,
    money_max bigint, sender_ids uuid[], countries text[], expires_at timestamptz, revoked_at timestamptz,
    currency text, body_hours smallint, price_plan_id uuid, sends_max integer, closed_at timestamptz,
    suspended_at timestamptz, api_version text
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    SELECT k.id, k.workspace_id, k.livemode, k.scopes, k.ip_ranges, k.rate_max, k.day_max, k.money_max, k.sender_ids,
           k.countries, CASE WHEN k.digest = p_digest THEN k.expires_at ELSE least(k.expires_at, k.former_expires_at) END,
           k.revoked_at, w.currency, w.body_hours, w.price_plan_id, w.sends_max, w.closed_at,
           least(w.suspended_at, k.suspended_at), k.api_version
    FROM accounts_api_key k JOIN accounts_workspace w ON w.id = k.workspace_id
    WHERE k.id = coalesce((SELECT d.id FROM accounts_api_key d WHERE d.digest = p_digest),
                          (SELECT f.id FROM accounts_api_key f WHERE f.former_digest = p_digest))
$$;

REVOKE ALL ON FUNCTION access.key_by_digest(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION access.key_by_digest(bytea) TO sp_app;
ALTER FUNCTION access.key_by_digest(bytea) OWNER TO sp_definer;
