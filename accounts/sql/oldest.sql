-- The anchor of the oldest row of a unit of retention, from an index.
CREATE FUNCTION access.oldest(p_unit text) RETURNS timestamptz
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public SET enable_seqscan = off
AS $$
DECLARE
    found_at timestamptz;
BEGIN
    CASE p_unit
    WHEN 'asked' THEN
        found_at := least(
            (SELECT least(i.expires_at, i.accepted_at, i.revoked_at) FROM accounts_invitation i
             ORDER BY least(i.expires_at, i.accepted_at, i.revoked_at) LIMIT 1),
            (SELECT coalesce(r.decided_at, r.created_at) FROM accounts_join_request r
             ORDER BY coalesce(r.decided_at, r.created_at) LIMIT 1));
    WHEN 'unconfirmed' THEN
        SELECT u.created_at INTO found_at FROM accounts_user u
        WHERE u.email_confirmed_at IS NULL AND u.staff_role = ''
          AND NOT EXISTS (SELECT FROM accounts_membership m WHERE m.user_id = u.id) ORDER BY u.created_at LIMIT 1;
    WHEN 'tokens' THEN
        SELECT t.expires_at INTO found_at FROM accounts_refresh_token t ORDER BY t.expires_at LIMIT 1;
    WHEN 'notices' THEN
        SELECT n.at INTO found_at FROM accounts_notification n ORDER BY n.at LIMIT 1;
    WHEN 'grants' THEN
        SELECT coalesce(g.expires_at, g.created_at) INTO found_at FROM accounts_staff_grant g
        ORDER BY coalesce(g.expires_at, g.created_at) LIMIT 1;
    END CASE;
    RETURN found_at;
END
$$;

REVOKE ALL ON FUNCTION access.oldest(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION access.oldest(text) TO sp_system;
ALTER FUNCTION access.oldest(text) OWNER TO sp_definer;
