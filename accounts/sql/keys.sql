-- The key with this SHA-256, of its present secret or of the one before its last rotation, which ends earlier.
DROP FUNCTION access.key_by_digest(bytea), access.touch_keys(uuid[], timestamptz);
CREATE FUNCTION access.key_by_digest(p_digest bytea) RETURNS TABLE (
    id uuid, workspace_id uuid, livemode boolean, scopes text[], ip_ranges text[], rate_max integer, day_max integer,
    money_max bigint, sender_ids uuid[], countries text[], expires_at timestamptz, revoked_at timestamptz,
    currency text, body_hours smallint, price_plan_id uuid, sends_max integer, closed_at timestamptz
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    SELECT k.id, k.workspace_id, k.livemode, k.scopes, k.ip_ranges, k.rate_max, k.day_max, k.money_max, k.sender_ids,
           k.countries, CASE WHEN k.digest = p_digest THEN k.expires_at ELSE least(k.expires_at, k.former_expires_at) END,
           k.revoked_at, w.currency, w.body_hours, w.price_plan_id, w.sends_max, w.closed_at
    FROM accounts_api_key k JOIN accounts_workspace w ON w.id = k.workspace_id
    WHERE k.id = coalesce((SELECT d.id FROM accounts_api_key d WHERE d.digest = p_digest),
                          (SELECT f.id FROM accounts_api_key f WHERE f.former_digest = p_digest))
$$;

-- Note that keys were used, at most once a minute however many processes say so.
CREATE FUNCTION access.touch_keys(p_keys uuid[], p_at timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    UPDATE accounts_api_key SET last_used_at = p_at
    WHERE id = ANY (p_keys) AND (last_used_at IS NULL OR last_used_at <= p_at - interval '1 minute')
$$;

REVOKE ALL ON FUNCTION access.key_by_digest(bytea), access.touch_keys(uuid[], timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION access.key_by_digest(bytea), access.touch_keys(uuid[], timestamptz) TO sp_app;
ALTER FUNCTION access.key_by_digest(bytea) OWNER TO sp_definer;
ALTER FUNCTION access.touch_keys(uuid[], timestamptz) OWNER TO sp_definer;
