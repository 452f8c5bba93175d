-- Which workspaces wait for a review of a sender: that, since when and of what kind. Staff see no more without a grant.
CREATE FUNCTION pipeline.senders_in_review(p_limit integer) RETURNS TABLE (
    workspace_id uuid, kind text, created_at timestamptz
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    SELECT s.workspace_id, s.kind::text, s.created_at
    FROM messaging_sender s JOIN accounts_workspace w ON w.id = s.workspace_id AND w.closed_at IS NULL
    WHERE s.state = 'review' ORDER BY s.id LIMIT p_limit
$$;
GRANT USAGE ON SCHEMA pipeline TO sp_staff;
REVOKE ALL ON FUNCTION pipeline.senders_in_review(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pipeline.senders_in_review(integer) TO sp_staff;
ALTER FUNCTION pipeline.senders_in_review(integer) OWNER TO sp_definer;
