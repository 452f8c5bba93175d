-- What the checks of the promises count over all workspaces: numbers of offenders, never whose.
CREATE FUNCTION access.odd_digests() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    SELECT (SELECT count(*) FROM accounts_api_key
            WHERE length(digest) <> 32 OR (former_digest IS NOT NULL AND length(former_digest) <> 32))
         + (SELECT count(*) FROM accounts_refresh_token WHERE length(digest) <> 32)
$$;

CREATE FUNCTION access.tokens_beyond(p_kept interval) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$ SELECT count(*) FROM accounts_refresh_token WHERE expires_at - created_at > p_kept + interval '1 minute' $$;

REVOKE ALL ON FUNCTION access.odd_digests(), access.tokens_beyond(interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION access.odd_digests(), access.tokens_beyond(interval) TO sp_system;
ALTER FUNCTION access.odd_digests() OWNER TO sp_definer;
ALTER FUNCTION access.tokens_beyond(interval) OWNER TO sp_definer;
