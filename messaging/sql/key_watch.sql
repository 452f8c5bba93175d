-- Keys that were used from networks they are not bound to, so probably stolen: each was refused, and the log of requests
-- has it. Those of a window of time that nobody who would be told has been told of after p_told_after.
CREATE FUNCTION pipeline.keys_elsewhere(p_since timestamptz, p_until timestamptz, p_told_after timestamptz)
RETURNS TABLE (workspace_id uuid, key_id uuid, times integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pipeline SET enable_seqscan = off
AS $$
    SELECT k.workspace_id, k.id, count(*)::integer
    FROM accounts_api_key k
    JOIN accounts_workspace w ON w.id = k.workspace_id AND w.closed_at IS NULL
    CROSS JOIN LATERAL (
        SELECT 1 FROM messaging_call c
        WHERE c.workspace_id = k.workspace_id AND c.status >= 400 AND c.key_id = k.id AND c.code = 'ip_not_allowed'
          AND c.id >= pipeline.floor(p_since) AND c.id < pipeline.floor(p_until) LIMIT 1000) AS refused
    WHERE k.ip_ranges <> '{}' AND k.revoked_at IS NULL
      AND NOT EXISTS (SELECT 1 FROM accounts_notification n WHERE n.workspace_id = k.workspace_id
                        AND n.kind = 'key_elsewhere' AND n.at > p_told_after AND n.params ->> 'key' = k.id::text)
      AND EXISTS (SELECT 1 FROM accounts_membership m LEFT JOIN accounts_notification_choice h
                      ON h.user_id = m.user_id AND h.category = 'security'
                  WHERE m.workspace_id = k.workspace_id AND m.role IN ('owner', 'developer')
                    AND (coalesce(h.on_page, true) OR coalesce(h.by_mail, true)))
    GROUP BY k.workspace_id, k.id
$$;

-- Tell who owns the workspace or looks after its keys, each as they have chosen. How many keys.
CREATE FUNCTION pipeline.tell_keys_elsewhere(p_at timestamptz, p_since timestamptz, p_told_after timestamptz)
RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline SET enable_seqscan = off
AS $$
    WITH used AS MATERIALIZED (
        SELECT * FROM pipeline.keys_elsewhere(p_since, p_at + interval '1 second', p_told_after)
    ), told AS (
        INSERT INTO accounts_notification (id, workspace_id, user_id, kind, params, shown, at, mail_due_at)
        SELECT pipeline.uuid7(p_at), u.workspace_id, m.user_id, 'key_elsewhere',
               jsonb_build_object('key', u.key_id::text, 'times', u.times::text), coalesce(c.on_page, true), p_at,
               CASE WHEN coalesce(c.by_mail, true) THEN p_at END
        FROM used u JOIN accounts_membership m ON m.workspace_id = u.workspace_id AND m.role IN ('owner', 'developer')
        LEFT JOIN accounts_notification_choice c ON c.user_id = m.user_id AND c.category = 'security'
        WHERE coalesce(c.on_page, true) OR coalesce(c.by_mail, true)
        RETURNING params ->> 'key' AS key
    ) SELECT count(DISTINCT key)::integer FROM told
$$;
REVOKE ALL ON FUNCTION pipeline.keys_elsewhere, pipeline.tell_keys_elsewhere FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pipeline.keys_elsewhere, pipeline.tell_keys_elsewhere TO sp_system;
ALTER FUNCTION pipeline.keys_elsewhere OWNER TO sp_definer;
ALTER FUNCTION pipeline.tell_keys_elsewhere OWNER TO sp_definer;
