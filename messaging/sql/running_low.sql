-- Tell the people who pay that a wallet lasts less than p_days when every day costs what the last seven did on average.
-- Nobody who was told after p_told_after; who owns a workspace, runs it or pays for it, each as they have chosen. How many workspaces.
CREATE FUNCTION pipeline.tell_running_low(p_at timestamptz, p_days integer, p_told_after timestamptz) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline SET enable_seqscan = off
AS $$
    WITH spent AS (
        SELECT t.workspace_id, sum(t.price) / 7 AS daily FROM messaging_traffic_hour t
        WHERE t.livemode AND t.hour >= p_at - interval '7 days' GROUP BY t.workspace_id HAVING sum(t.price) >= 7
    ), low AS (
        SELECT s.workspace_id, greatest(0, floor(a.available / s.daily))::integer AS days
        FROM spent s
        JOIN accounts_workspace w ON w.id = s.workspace_id AND w.closed_at IS NULL
        JOIN LATERAL (SELECT posted - held + credit_limit AS available FROM ledger.account
                      WHERE workspace_id = s.workspace_id AND kind = 'wallet' AND currency = w.currency) AS a ON true
        WHERE a.available < s.daily * p_days
          AND NOT EXISTS (SELECT 1 FROM accounts_notification n WHERE n.workspace_id = s.workspace_id
                            AND n.kind = 'balance_low' AND n.at > p_told_after)
    ), told AS (
        INSERT INTO accounts_notification (id, workspace_id, user_id, kind, params, shown, at, mail_due_at)
        SELECT pipeline.uuid7(p_at), low.workspace_id, m.user_id, 'balance_low',
               jsonb_build_object('days', low.days::text), coalesce(c.on_page, true), p_at,
               CASE WHEN coalesce(c.by_mail, true) THEN p_at END
        FROM low JOIN accounts_membership m
            ON m.workspace_id = low.workspace_id AND m.role IN ('owner', 'admin', 'billing')
        LEFT JOIN accounts_notification_choice c ON c.user_id = m.user_id AND c.category = 'billing'
        WHERE coalesce(c.on_page, true) OR coalesce(c.by_mail, true)
        RETURNING workspace_id
    ) SELECT count(DISTINCT workspace_id)::integer FROM told
$$;
REVOKE ALL ON FUNCTION pipeline.tell_running_low FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pipeline.tell_running_low TO sp_system;
ALTER FUNCTION pipeline.tell_running_low OWNER TO sp_definer;
