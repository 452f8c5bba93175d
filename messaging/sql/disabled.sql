-- Turn an endpoint off after its last failure; what waits for it is dropped, and can be replayed. Those who look after
-- endpoints are told in the same transaction: their notifications are rows, and the mails are sent from them.
SET LOCAL ROLE sp_definer;
CREATE OR REPLACE FUNCTION pipeline.disable_endpoint(p_endpoint uuid, p_reason text, p_at timestamptz) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline SET enable_seqscan = off
AS $$
    WITH off AS (
        UPDATE messaging_webhook_endpoint SET enabled = false, disabled_reason = p_reason
        WHERE id = p_endpoint AND enabled RETURNING id, workspace_id
    ), dropped AS (
        UPDATE messaging_delivery d SET state = 'dropped', finished_at = p_at, lease_until = NULL
        FROM off WHERE d.endpoint_id = off.id AND d.state IN ('pending', 'leased')
    ), told AS (
        INSERT INTO accounts_notification (id, workspace_id, user_id, kind, params, shown, at, mail_due_at)
        SELECT pipeline.uuid7(p_at), off.workspace_id, m.user_id, 'webhook_disabled',
               jsonb_build_object('endpoint', off.id::text), coalesce(c.on_page, true), p_at,
               CASE WHEN coalesce(c.by_mail, true) THEN p_at END
        FROM off JOIN accounts_membership m ON m.workspace_id = off.workspace_id AND m.role IN ('owner', 'developer')
        LEFT JOIN accounts_notification_choice c ON c.user_id = m.user_id AND c.category = 'webhooks'
        WHERE coalesce(c.on_page, true) OR coalesce(c.by_mail, true)
    )
    SELECT EXISTS (SELECT 1 FROM off)
$$;
RESET ROLE;
