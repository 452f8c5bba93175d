-- What an incident needs over all workspaces at once. Only the system's login may call these.

-- How many mails about these notices have not gone out yet.
CREATE FUNCTION access.incident_mails_waiting(p_notices text[]) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    SELECT count(*) FROM accounts_notification n
    WHERE n.kind = 'security_incident' AND n.mail_due_at IS NOT NULL AND n.params ->> 'notice' = ANY (p_notices)
$$;

-- Revoke every key of these workspaces; which ones.
CREATE FUNCTION access.revoke_keys_of(p_workspaces uuid[], p_at timestamptz) RETURNS TABLE (workspace uuid, key uuid)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    UPDATE accounts_api_key k SET revoked_at = p_at
    WHERE k.workspace_id = ANY (p_workspaces) AND k.revoked_at IS NULL RETURNING k.workspace_id, k.id
$$;

-- How many keys of these workspaces could still be used.
CREATE FUNCTION access.valid_keys_of(p_workspaces uuid[]) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$ SELECT count(*) FROM accounts_api_key k WHERE k.workspace_id = ANY (p_workspaces) AND k.revoked_at IS NULL $$;

-- The people of these workspaces.
CREATE FUNCTION access.people_of(p_workspaces uuid[]) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$ SELECT DISTINCT m.user_id FROM accounts_membership m WHERE m.workspace_id = ANY (p_workspaces) $$;

REVOKE ALL ON FUNCTION access.incident_mails_waiting(text[]), access.revoke_keys_of(uuid[], timestamptz),
    access.valid_keys_of(uuid[]), access.people_of(uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION access.incident_mails_waiting(text[]), access.revoke_keys_of(uuid[], timestamptz),
    access.valid_keys_of(uuid[]), access.people_of(uuid[]) TO sp_system;
ALTER FUNCTION access.incident_mails_waiting(text[]) OWNER TO sp_definer;
ALTER FUNCTION access.revoke_keys_of(uuid[], timestamptz) OWNER TO sp_definer;
ALTER FUNCTION access.valid_keys_of(uuid[]) OWNER TO sp_definer;
ALTER FUNCTION access.people_of(uuid[]) OWNER TO sp_definer;
