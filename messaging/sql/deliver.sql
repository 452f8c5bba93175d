-- Webhook deliveries: claim in batches, in order per message and endpoint, and write down how each went.

-- Endpoints in p_full have no room with the caller, or a reason to wait: one slow receiver must not starve the others.
CREATE FUNCTION pipeline.claim_deliveries(
    p_limit integer, p_at timestamptz, p_lease_until timestamptz, p_full uuid[]
)
RETURNS TABLE (
    id uuid, workspace_id uuid, endpoint_id uuid, event_id uuid, type text, error text, occurred_at timestamptz,
    attempts smallint, url bytea, secret bytea, previous_secret bytea, previous_until timestamptz, content text,
    message_id uuid, livemode boolean, sender_id uuid, to_ct bytea, country text, category text, parts smallint,
    price bigint, currency text, returned bigint, reference_ct bytea, metadata_ct bytea, body_until timestamptz,
    text_ct bytea
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline
SET enable_seqscan = off SET enable_nestloop = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    picked uuid[];
    messages uuid[];
    least uuid;
    most uuid;
BEGIN
    IF p_full = '{}' THEN
        SELECT array_agg(d.id), array_agg(d.message_id ORDER BY d.message_id) FILTER (WHERE d.message_id IS NOT NULL)
        INTO picked, messages
        FROM (SELECT d.id, d.message_id FROM messaging_delivery d
              WHERE d.state = 'pending' AND d.due_at <= p_at AND (
                  SELECT true FROM messaging_delivery e
                  WHERE e.endpoint_id = d.endpoint_id AND e.message_id = d.message_id AND e.id < d.id
                    AND e.state IN ('pending', 'leased') LIMIT 1) IS NULL
              ORDER BY d.due_at LIMIT p_limit FOR UPDATE SKIP LOCKED) AS d;
    ELSE
        SELECT array_agg(d.id), array_agg(d.message_id ORDER BY d.message_id) FILTER (WHERE d.message_id IS NOT NULL)
        INTO picked, messages FROM pipeline.due_elsewhere(p_limit, p_at, p_full) AS d;
    END IF;
    IF picked IS NULL THEN
        RETURN;
    END IF;
    IF EXISTS (SELECT 1 FROM messaging_suppression s WHERE s.reason = 'restriction') THEN
        picked := pipeline.put_off_restricted(picked, p_at);
    END IF;
    least := messages[1];
    most := messages[cardinality(messages)];
    RETURN QUERY
    WITH leased AS (
        UPDATE messaging_delivery d SET state = 'leased', lease_until = p_lease_until, attempts = d.attempts + 1
        WHERE d.id = ANY (picked) RETURNING d.*
    ), message AS (
        SELECT m.* FROM messaging_message m WHERE m.id = ANY (messages) AND m.id >= least AND m.id <= most
    )
    SELECT l.id, l.workspace_id, l.endpoint_id, l.event_id, l.type::text, l.error::text, l.occurred_at, l.attempts, e.url,
           e.secret, e.previous_secret, e.previous_until, e.content::text, l.message_id, coalesce(m.livemode, e.livemode),
           m.sender_id, m.to_ct, m.country::text, m.category::text, m.parts, m.price, m.currency::text,
           CASE WHEN m.refunded THEN m.price ELSE m.returned END,
           m.reference_ct, m.metadata_ct, least(m.body_expires_at, m.final_at + make_interval(hours => m.body_hours)),
           CASE WHEN e.content = 'full'
                     AND least(m.body_expires_at, m.final_at + make_interval(hours => m.body_hours)) > p_at THEN (
               SELECT b.text_ct FROM messaging_body b WHERE b.message_id = m.id
                   AND b.expires_on = (m.body_expires_at AT TIME ZONE 'UTC')::date) END
    FROM leased l
    LEFT JOIN LATERAL (SELECT e.* FROM messaging_webhook_endpoint e WHERE e.id = l.endpoint_id AND e.enabled LIMIT 1) e
        ON true
    LEFT JOIN message m ON m.id = l.message_id;
END
$$;

-- How each delivery went: delivered, pending again at p_due, exhausted, dropped (its endpoint is gone or off), or
-- deferred: not tried after all, and to be claimed again at p_due as if it had not been.
CREATE FUNCTION pipeline.record_deliveries(
    p_at timestamptz, p_id uuid[], p_state text[], p_status smallint[], p_error text[], p_due timestamptz[]
) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline
SET enable_seqscan = off SET enable_nestloop = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan
AS $$
    UPDATE messaging_delivery d SET state = CASE r.state WHEN 'deferred' THEN 'pending' ELSE r.state END,
        attempts = CASE r.state WHEN 'deferred' THEN d.attempts - 1 ELSE d.attempts END,
        last_status = CASE r.state WHEN 'deferred' THEN d.last_status ELSE r.status END,
        last_error = CASE r.state WHEN 'deferred' THEN d.last_error ELSE r.error END,
        lease_until = NULL, due_at = coalesce(r.due, d.due_at),
        finished_at = CASE WHEN r.state NOT IN ('pending', 'deferred') THEN p_at END
    FROM unnest(p_id, p_state, p_status, p_error, p_due) AS r(id, state, status, error, due)
    -- Leased, said so that no partial index on the state offers itself: it would be read from end to end.
    WHERE d.id = r.id AND d.id = ANY (p_id) AND d.lease_until IS NOT NULL
$$;

-- Deliveries whose worker died go back to the queue; at least once means the customer may see one twice.
CREATE FUNCTION pipeline.reclaim_deliveries(p_at timestamptz) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline SET enable_seqscan = off
AS $$
    WITH back AS (
        UPDATE messaging_delivery d SET state = 'pending', lease_until = NULL, due_at = p_at
        WHERE d.id IN (SELECT id FROM messaging_delivery WHERE state = 'leased' AND lease_until <= p_at
                       LIMIT 1000 FOR UPDATE SKIP LOCKED)
        RETURNING 1
    ) SELECT count(*)::integer FROM back
$$;

-- Whether anything is due, for the sweep.
CREATE FUNCTION pipeline.deliveries_due(p_at timestamptz) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pipeline SET enable_seqscan = off
AS $$ SELECT EXISTS (SELECT 1 FROM messaging_delivery WHERE state = 'pending' AND due_at <= p_at) $$;

-- Turn an endpoint off after its last failure; what waits for it is dropped, and can be replayed.
CREATE FUNCTION pipeline.disable_endpoint(p_endpoint uuid, p_reason text, p_at timestamptz) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline SET enable_seqscan = off
AS $$
    WITH off AS (
        UPDATE messaging_webhook_endpoint SET enabled = false, disabled_reason = p_reason
        WHERE id = p_endpoint AND enabled RETURNING id
    ), dropped AS (
        UPDATE messaging_delivery d SET state = 'dropped', finished_at = p_at, lease_until = NULL
        FROM off WHERE d.endpoint_id = off.id AND d.state IN ('pending', 'leased')
    )
    SELECT EXISTS (SELECT 1 FROM off)
$$;

-- Queue again what an endpoint got in a window, or one delivery, and what waits for its next attempt. Same event ids.
-- Answers how many.
CREATE FUNCTION pipeline.replay_deliveries(
    p_token text, p_endpoint uuid, p_delivery uuid, p_since timestamptz, p_until timestamptz, p_failed_only boolean,
    p_at timestamptz
) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline SET enable_seqscan = off
AS $$
    WITH again AS (
        UPDATE messaging_delivery d SET state = 'pending', attempts = 0, due_at = p_at, finished_at = NULL
        WHERE d.workspace_id = tenancy.subject('w', p_token)
          AND (d.state IN ('delivered', 'exhausted', 'dropped')
               OR d.state = 'pending' AND d.attempts > 0 AND d.due_at > p_at)
          AND (p_endpoint IS NULL OR d.endpoint_id = p_endpoint) AND (p_delivery IS NULL OR d.id = p_delivery)
          AND (p_since IS NULL OR d.occurred_at >= p_since) AND (p_until IS NULL OR d.occurred_at < p_until)
          AND NOT (p_failed_only AND d.state = 'delivered')
          AND EXISTS (SELECT 1 FROM messaging_webhook_endpoint e WHERE e.id = d.endpoint_id AND e.enabled)
        RETURNING 1
    ) SELECT count(*)::integer FROM again
$$;

-- A test event for one endpoint of the caller's.
CREATE FUNCTION pipeline.test_event(p_token text, p_endpoint uuid, p_type text, p_at timestamptz) RETURNS uuid
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline
AS $$
    INSERT INTO messaging_delivery (id, workspace_id, endpoint_id, event_id, type, occurred_at, state, attempts, due_at)
    SELECT pipeline.uuid7(p_at), e.workspace_id, e.id, pipeline.uuid7(p_at), p_type, p_at, 'pending', 0, p_at
    FROM messaging_webhook_endpoint e
    WHERE e.id = p_endpoint AND e.workspace_id = tenancy.subject('w', p_token) AND e.enabled
    RETURNING id
$$;
