-- How many reminders should have gone out by a moment: at half of the time, at four fifths, five days before the end,
-- and when it is over. The same rule as privacy.requests.watching.steps_due; a test compares them.
CREATE FUNCTION privacy.reminders_due(p_begun timestamptz, p_due timestamptz, p_at timestamptz) RETURNS integer
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog
AS $$
    SELECT (count(DISTINCT moment) FILTER (WHERE moment <= p_at))::integer + (p_due <= p_at)::integer
    FROM unnest(ARRAY[
        p_begun + 0.5 * (p_due - p_begun), p_begun + 0.8 * (p_due - p_begun),
        greatest(p_begun, p_due - interval '120 hours')
    ]) AS moment
$$;

-- Tickets nobody decided whose workspace is owed a reminder, and which one; what is due first on top. Across workspaces.
GRANT CREATE ON SCHEMA privacy TO sp_definer;
CREATE FUNCTION privacy.tickets_to_remind(p_at timestamptz, p_limit integer) RETURNS TABLE (
    id uuid, workspace_id uuid, step integer
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    SELECT t.id, t.workspace_id, privacy.reminders_due(t.created_at, t.due_at, p_at) FROM privacy_request_ticket t
    WHERE t.state = 'open' AND t.reminded < privacy.reminders_due(t.created_at, t.due_at, p_at)
    ORDER BY t.due_at LIMIT p_limit
$$;
REVOKE ALL ON FUNCTION privacy.tickets_to_remind(timestamptz, integer),
    privacy.reminders_due(timestamptz, timestamptz, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION privacy.tickets_to_remind(timestamptz, integer) TO sp_system;
GRANT EXECUTE ON FUNCTION privacy.reminders_due(timestamptz, timestamptz, timestamptz) TO sp_definer, sp_system;
ALTER FUNCTION privacy.tickets_to_remind(timestamptz, integer) OWNER TO sp_definer;
DROP FUNCTION privacy.tickets_due(timestamptz, integer);
REVOKE CREATE ON SCHEMA privacy FROM sp_definer;
