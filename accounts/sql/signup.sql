-- Delete people who signed up before p_before and never confirmed their address; how many.
CREATE FUNCTION access.purge_unconfirmed(p_before timestamptz, p_limit integer) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    WITH gone AS (
        DELETE FROM accounts_user WHERE id IN (
            SELECT u.id FROM accounts_user u
            WHERE u.email_confirmed_at IS NULL AND u.created_at < p_before AND u.staff_role = ''
              AND NOT EXISTS (SELECT FROM accounts_membership m WHERE m.user_id = u.id)
            ORDER BY u.id LIMIT p_limit)
        RETURNING 1
    )
    SELECT count(*)::integer FROM gone
$$;
GRANT SELECT, DELETE ON accounts_user TO sp_definer;
REVOKE ALL ON FUNCTION access.purge_unconfirmed(timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION access.purge_unconfirmed(timestamptz, integer) TO sp_system;
ALTER FUNCTION access.purge_unconfirmed(timestamptz, integer) OWNER TO sp_definer;
