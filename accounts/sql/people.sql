-- Questions about workspaces that the asking person is not in, or no longer, and the guard of the last owner.

-- The workspaces of a person who has signed in, with what the pages need to know of each.
DROP FUNCTION access.memberships(text);
CREATE FUNCTION access.memberships(p_token text) RETURNS TABLE (
    workspace_id uuid, name text, role text, require_second_factor boolean, time_zone text
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    SELECT w.id, w.name, m.role, w.require_second_factor, w.time_zone
    FROM accounts_membership m JOIN accounts_workspace w ON w.id = m.workspace_id
    WHERE m.user_id = tenancy.subject('u', p_token) AND w.closed_at IS NULL ORDER BY w.name, w.id
$$;

-- The open invitation whose link has a token with this SHA-256: whoever knows the token was sent the mail.
CREATE FUNCTION access.invitation_by_digest(p_digest bytea) RETURNS TABLE (
    id uuid, workspace_id uuid, workspace_name text, role text, email_idx bytea, expires_at timestamptz
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    SELECT i.id, w.id, w.name, i.role, i.email_idx, i.expires_at
    FROM accounts_invitation i JOIN accounts_workspace w ON w.id = i.workspace_id
    WHERE i.digest = p_digest AND i.accepted_at IS NULL AND i.revoked_at IS NULL AND w.closed_at IS NULL
$$;

-- The workspace whose join link has a token with this SHA-256.
CREATE FUNCTION access.workspace_by_join(p_digest bytea) RETURNS TABLE (workspace_id uuid, name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$ SELECT w.id, w.name FROM accounts_workspace w WHERE w.join_digest = p_digest AND w.closed_at IS NULL $$;

-- Where a signed-in person waits to be let in.
CREATE FUNCTION access.waiting(p_token text) RETURNS TABLE (name text, created_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    SELECT w.name, r.created_at FROM accounts_join_request r JOIN accounts_workspace w ON w.id = r.workspace_id
    WHERE r.user_id = tenancy.subject('u', p_token) AND r.state = 'pending' AND w.closed_at IS NULL ORDER BY r.id
$$;

-- Closed workspaces that a signed-in owner may open again.
CREATE FUNCTION access.reopenable(p_token text, p_at timestamptz) RETURNS TABLE (
    workspace_id uuid, name text, closed_at timestamptz, erase_at timestamptz
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    SELECT w.id, w.name, w.closed_at, w.erase_at
    FROM accounts_membership m JOIN accounts_workspace w ON w.id = m.workspace_id
    WHERE m.user_id = tenancy.subject('u', p_token) AND m.role = 'owner' AND w.erase_at > p_at AND w.erased_at IS NULL
    ORDER BY w.name, w.id
$$;

-- Delete what was asked and settled, or ran out, before p_before; how many.
CREATE FUNCTION access.purge_asked(p_before timestamptz, p_limit integer) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    WITH invited AS (
        DELETE FROM accounts_invitation WHERE id IN (
            SELECT id FROM accounts_invitation
            WHERE least(expires_at, accepted_at, revoked_at) < p_before ORDER BY id LIMIT p_limit)
        RETURNING 1
    ), asked AS (
        DELETE FROM accounts_join_request WHERE id IN (
            SELECT id FROM accounts_join_request
            WHERE coalesce(decided_at, created_at) < p_before ORDER BY id LIMIT p_limit)
        RETURNING 1
    )
    SELECT ((SELECT count(*) FROM invited) + (SELECT count(*) FROM asked))::integer
$$;

-- A workspace keeps an owner. Locking its row makes two owners who step down at the same time wait for each other:
-- the second then sees that nobody would be left. Only the erasure of a closed workspace goes on to the last one.
CREATE FUNCTION access.keep_an_owner() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public
AS $$
BEGIN
    IF OLD.role = 'owner' AND (TG_OP = 'DELETE' OR NEW.role <> 'owner' OR NEW.workspace_id <> OLD.workspace_id) THEN
        PERFORM 1 FROM accounts_workspace w WHERE w.id = OLD.workspace_id AND w.closed_at IS NULL FOR UPDATE;
        IF FOUND AND NOT EXISTS (SELECT 1 FROM accounts_membership m
                                 WHERE m.workspace_id = OLD.workspace_id AND m.role = 'owner' AND m.id <> OLD.id) THEN
            RAISE EXCEPTION 'the last owner of a workspace stays' USING ERRCODE = 'SP020';
        END IF;
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$$;
CREATE TRIGGER keep_an_owner BEFORE UPDATE OR DELETE ON accounts_membership
    FOR EACH ROW EXECUTE FUNCTION access.keep_an_owner();

REVOKE ALL ON FUNCTION access.memberships(text), access.invitation_by_digest(bytea), access.workspace_by_join(bytea),
    access.waiting(text), access.reopenable(text, timestamptz), access.purge_asked(timestamptz, integer),
    access.keep_an_owner() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION access.memberships(text), access.invitation_by_digest(bytea), access.workspace_by_join(bytea),
    access.waiting(text), access.reopenable(text, timestamptz) TO sp_app;
GRANT EXECUTE ON FUNCTION access.purge_asked(timestamptz, integer) TO sp_system;
ALTER FUNCTION access.memberships(text) OWNER TO sp_definer;
ALTER FUNCTION access.invitation_by_digest(bytea) OWNER TO sp_definer;
ALTER FUNCTION access.workspace_by_join(bytea) OWNER TO sp_definer;
ALTER FUNCTION access.waiting(text) OWNER TO sp_definer;
ALTER FUNCTION access.reopenable(text, timestamptz) OWNER TO sp_definer;
ALTER FUNCTION access.purge_asked(timestamptz, integer) OWNER TO sp_definer;
