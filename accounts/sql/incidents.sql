-- How many mails about these notices have not gone out yet, over all workspaces.
CREATE FUNCTION access.incident_mails_waiting(p_notices text[]) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    SELECT count(*) FROM accounts_notification n
    WHERE n.kind = 'security_incident' AND n.mail_due_at IS NOT NULL AND n.params ->> 'notice' = ANY (p_notices)
$$;
REVOKE ALL ON FUNCTION access.incident_mails_waiting(text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION access.incident_mails_waiting(text[]) TO sp_system;
ALTER FUNCTION access.incident_mails_waiting(text[]) OWNER TO sp_definer;
