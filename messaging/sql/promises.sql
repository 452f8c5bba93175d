-- What the checks of the promises count over all workspaces: numbers of offenders, never whose.

-- Texts of days before p_day that are still in a table.
CREATE FUNCTION pipeline.bodies_over(p_day date) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$ SELECT count(*) FROM messaging_body WHERE expires_on < p_day $$;

-- Texts that are to live beyond p_day.
CREATE FUNCTION pipeline.bodies_beyond(p_day date) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$ SELECT count(*) FROM messaging_body WHERE expires_on > p_day $$;

-- Of the newest p_limit messages those that neither a key nor a person asked for.
CREATE FUNCTION pipeline.messages_of_nobody(p_limit integer) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    SELECT count(*) FROM (SELECT api_key_id, user_id FROM messaging_message ORDER BY id DESC LIMIT p_limit) AS newest
    WHERE api_key_id IS NULL AND user_id IS NULL
$$;

REVOKE ALL ON FUNCTION pipeline.bodies_over(date), pipeline.bodies_beyond(date), pipeline.messages_of_nobody(integer)
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pipeline.bodies_over(date), pipeline.bodies_beyond(date),
    pipeline.messages_of_nobody(integer) TO sp_system;
ALTER FUNCTION pipeline.bodies_over(date) OWNER TO sp_definer;
ALTER FUNCTION pipeline.bodies_beyond(date) OWNER TO sp_definer;
ALTER FUNCTION pipeline.messages_of_nobody(integer) OWNER TO sp_definer;
