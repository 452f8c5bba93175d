-- Submission: claim what is due for one carrier, and write down what the carrier answered.

-- Lease up to p_limit due messages to p_holder, one-time passcodes first. The rows carry ciphertext only: a number or
-- text becomes readable in a process that can unwrap the workspace's keys. `sent` lists parts a carrier already has.
CREATE FUNCTION pipeline.claim(
    p_carrier uuid, p_holder uuid, p_limit integer, p_at timestamptz, p_lease_until timestamptz
) RETURNS TABLE (
    message_id uuid, workspace_id uuid, attempt smallint, failures smallint, hop smallint, lane smallint,
    livemode boolean, sender_id uuid, sender_ct bytea, template_id uuid, template_ct bytea, code_digits smallint,
    to_ct bytea, encoding text, parts smallint, expires_at timestamptz, body_expires_at timestamptz, text_ct bytea,
    sent smallint[], suppressed boolean
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline
SET enable_seqscan = off SET enable_nestloop = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    picked uuid[];
    least uuid;
    most uuid;
BEGIN
    SELECT array_agg(o.message_id ORDER BY o.message_id) INTO picked
    FROM (SELECT o.message_id
          FROM (VALUES (0::smallint), (1::smallint), (2::smallint)) AS l(lane)
          CROSS JOIN LATERAL (
              SELECT q.message_id FROM messaging_outbox q
              WHERE q.carrier_id = p_carrier AND q.lane = l.lane AND q.state = 0 AND q.due_at <= p_at
                AND q.expires_at > p_at
              ORDER BY q.due_at LIMIT p_limit FOR UPDATE SKIP LOCKED
          ) AS o LIMIT p_limit) AS o;
    IF picked IS NULL THEN
        RETURN;
    END IF;
    least := picked[1];
    most := picked[cardinality(picked)];
    RETURN QUERY
    WITH leased AS (
        UPDATE messaging_outbox o
        SET state = 1, attempt = o.attempt + 1, lease_until = p_lease_until, leased_by = p_holder
        WHERE o.message_id = ANY (picked)
        RETURNING o.message_id, o.workspace_id, o.attempt, o.failures, o.hop, o.lane
    )
    SELECT l.message_id, l.workspace_id, l.attempt, l.failures, l.hop, l.lane, m.livemode, m.sender_id,
           (SELECT s.address FROM messaging_sender s WHERE s.id = m.sender_id), m.template_id,
           (SELECT t.text FROM messaging_template t WHERE t.id = m.template_id),
           (SELECT t.code_digits FROM messaging_template t WHERE t.id = m.template_id),
           m.to_ct, m.encoding::text, m.parts, m.expires_at, m.body_expires_at,
           (SELECT b.text_ct FROM messaging_body b WHERE b.message_id = m.id
                AND b.expires_on = (m.body_expires_at AT TIME ZONE 'UTC')::date),
           CASE WHEN m.parts > 1 AND l.attempt > 1 THEN
               (SELECT array_agg(DISTINCT a.part) FROM messaging_attempt a
                WHERE a.message_id = m.id AND a.outcome = 'accepted') END,
           coalesce((SELECT true FROM messaging_suppression x
                     WHERE x.workspace_id = m.workspace_id AND x.to_idx = m.to_idx
                       AND (x.reason <> 'opt_out' OR m.category <> 'otp') LIMIT 1), false)
    FROM leased l
    JOIN messaging_message m ON m.id = l.message_id
    WHERE m.id = ANY (picked) AND m.id >= least AND m.id <= most;
END
$$;

-- Carriers with due work, for the sweep that finds what a lost wake-up missed.
CREATE FUNCTION pipeline.due_carriers(p_at timestamptz) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pipeline SET enable_seqscan = off
AS $$
    SELECT c.id FROM messaging_carrier c
    WHERE c.enabled AND EXISTS (
        SELECT 1 FROM (VALUES (0::smallint), (1::smallint), (2::smallint)) AS l(lane) CROSS JOIN LATERAL (
            SELECT 1 FROM messaging_outbox q
            WHERE q.carrier_id = c.id AND q.lane = l.lane AND q.state = 0 AND q.due_at <= p_at LIMIT 1) AS due)
$$;

-- Write what the carrier answered: one attempt per part, and one decision per message (made by the caller's rules):
--   submitted  every part accepted; receipts awaited
--   retry      back to the queue at p_due, with the carrier, hop and number of failures given
--   failed, rejected  final, with the code
-- Receipts that arrived before this answer are waiting as orphans and are applied now.
CREATE FUNCTION pipeline.record_results(
    p_carrier uuid, p_session text, p_at timestamptz,
    p_message uuid[], p_workspace uuid[], p_part smallint[], p_attempt smallint[], p_sequence bigint[], p_outcome text[],
    p_code text[], p_ref text[], p_submitted_at timestamptz[],
    p_decided uuid[], p_action text[], p_action_code text[], p_due timestamptz[], p_next_carrier uuid[], p_hop smallint[],
    p_failures smallint[]
) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline
SET enable_seqscan = off SET enable_nestloop = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
    INSERT INTO messaging_attempt (message_id, part, attempt, workspace_id, carrier_id, session, sequence, outcome, code,
                                   ref, submitted_at)
    SELECT message, part, attempt, workspace, p_carrier, p_session, sequence, outcome, code, ref, submitted_at
    FROM unnest(p_message, p_workspace, p_part, p_attempt, p_sequence, p_outcome, p_code, p_ref, p_submitted_at)
         AS a(message, workspace, part, attempt, sequence, outcome, code, ref, submitted_at)
    ON CONFLICT (message_id, part, attempt) DO UPDATE
        -- A late answer to a part we had given up on: the carrier's word counts.
        SET outcome = excluded.outcome, code = excluded.code, ref = excluded.ref, sequence = excluded.sequence,
            session = excluded.session
        WHERE messaging_attempt.outcome = 'unknown' AND excluded.outcome = 'accepted';

    UPDATE messaging_outbox o SET state = 2, lease_until = NULL, leased_by = NULL
    FROM unnest(p_decided, p_action) AS d(message, action)
    WHERE o.message_id = d.message AND o.message_id = ANY (p_decided) AND d.action = 'submitted' AND o.state IN (0, 1);

    IF 'submitted' = ANY (p_action) AND EXISTS (
        SELECT 1 FROM messaging_webhook_endpoint e
        WHERE e.workspace_id = ANY (p_workspace) AND 'message.submitted' = ANY (e.types)) THEN
        PERFORM pipeline.emit(array_agg(m.id), array_agg(m.workspace_id), array_agg(m.livemode),
            array_agg(m.callback_id), array_agg('message.submitted'::text), NULL, p_at)
        FROM unnest(p_decided, p_action) AS d(message, action) JOIN messaging_message m ON m.id = d.message
        WHERE d.action = 'submitted' AND m.id = ANY (p_decided);
    END IF;

    IF 'retry' = ANY (p_action) THEN
        WITH d AS (
            SELECT * FROM unnest(p_decided, p_action, p_action_code, p_due, p_next_carrier, p_hop, p_failures)
                AS d(message, action, code, due, carrier, hop, failures) WHERE action = 'retry'
        ), back AS (
            UPDATE messaging_outbox o SET state = 0, lease_until = NULL, leased_by = NULL, due_at = d.due,
                carrier_id = d.carrier, hop = d.hop, failures = d.failures
            FROM d WHERE o.message_id = d.message AND o.message_id = ANY (p_decided) AND o.state = 1
            RETURNING o.message_id, o.workspace_id, d.code, d.carrier
        )
        INSERT INTO messaging_event (id, workspace_id, message_id, kind, code, at)
        SELECT pipeline.uuid7(p_at), workspace_id, message_id,
               CASE WHEN carrier <> p_carrier THEN 'rerouted' ELSE 'retried' END, code, p_at FROM back;
        IF EXISTS (SELECT 1 FROM messaging_webhook_endpoint e WHERE 'message.rerouted' = ANY (e.types)) THEN
            PERFORM pipeline.emit(array_agg(m.id), array_agg(m.workspace_id), array_agg(m.livemode),
                array_agg(m.callback_id), array_agg('message.rerouted'::text), array_agg(d.code), p_at)
            FROM unnest(p_decided, p_action, p_action_code, p_next_carrier) AS d(message, action, code, carrier)
            JOIN messaging_message m ON m.id = d.message
            WHERE d.action = 'retry' AND d.carrier <> p_carrier AND m.id = ANY (p_decided);
        END IF;
    END IF;

    IF p_action && ARRAY['failed', 'rejected'] THEN
        PERFORM pipeline.finish(array_agg(message), array_agg(action), array_agg(code), p_at)
        FROM unnest(p_decided, p_action, p_action_code) AS d(message, action, code)
        WHERE action IN ('failed', 'rejected');
    END IF;

    RETURN pipeline.match_orphans(p_carrier, p_ref, p_at);
END
$$;

-- What a dead worker held. Its outcome is unknown: SMPP has no key by which a carrier could recognise a repeat. The
-- policy: passcodes and transactional texts are sent again at once, marketing waits p_hold for a receipt first.
CREATE FUNCTION pipeline.reclaim(p_at timestamptz, p_hold interval, p_limit integer) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline SET enable_seqscan = off
AS $$
    WITH lost AS MATERIALIZED (
        SELECT o.message_id FROM messaging_outbox o
        WHERE o.state = 1 AND (o.lease_until <= p_at OR NOT EXISTS (
            SELECT 1 FROM messaging_bind_lease b WHERE b.holder = o.leased_by AND b.until > p_at))
        ORDER BY o.lease_until LIMIT p_limit FOR UPDATE SKIP LOCKED
    ), back AS (
        UPDATE messaging_outbox o SET state = 0, lease_until = NULL, leased_by = NULL,
            due_at = CASE WHEN o.lane = 2 THEN p_at + p_hold ELSE p_at END
        FROM lost WHERE o.message_id = lost.message_id
        RETURNING o.message_id, o.workspace_id
    ), told AS (
        INSERT INTO messaging_event (id, workspace_id, message_id, kind, code, at)
        SELECT pipeline.uuid7(p_at), workspace_id, message_id, 'unknown', 'worker_lost', p_at FROM back
        RETURNING 1
    )
    SELECT count(*)::integer FROM told
$$;

-- Take or keep up to p_wanted of a carrier's binds for p_holder until p_until; answers how many it holds. Workers
-- together never hold more slots than the carrier allows.
CREATE FUNCTION pipeline.hold_binds(
    p_carrier uuid, p_holder uuid, p_bound boolean, p_at timestamptz, p_until timestamptz
) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline
AS $$
DECLARE
    permitted integer;
BEGIN
    SELECT c.binds_max INTO permitted FROM messaging_carrier c WHERE c.id = p_carrier AND c.enabled FOR UPDATE;
    IF permitted IS NULL THEN
        DELETE FROM messaging_bind_lease b WHERE b.carrier_id = p_carrier AND b.holder = p_holder;
        RETURN 0;
    END IF;
    UPDATE messaging_bind_lease b SET until = p_until, bound = p_bound
    WHERE b.carrier_id = p_carrier AND b.holder = p_holder;
    IF NOT FOUND THEN
        DELETE FROM messaging_bind_lease b WHERE b.carrier_id = p_carrier AND b.until <= p_at;
        INSERT INTO messaging_bind_lease (id, carrier_id, slot, holder, bound, until)
        SELECT pipeline.uuid7(p_at), p_carrier, s.slot, p_holder, p_bound, p_until
        FROM generate_series(1, permitted) AS s(slot)
        WHERE NOT EXISTS (SELECT 1 FROM messaging_bind_lease b WHERE b.carrier_id = p_carrier AND b.slot = s.slot);
    END IF;
    RETURN (SELECT count(*) FROM messaging_bind_lease b WHERE b.carrier_id = p_carrier AND b.holder = p_holder);
END
$$;

-- Which carriers have a bound session somewhere, for falling back from one that has none.
CREATE FUNCTION pipeline.bound_carriers(p_at timestamptz) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pipeline
AS $$ SELECT DISTINCT carrier_id FROM messaging_bind_lease WHERE bound AND until > p_at $$;

-- Give binds back at once, so that another worker need not wait for the lease to run out.
CREATE FUNCTION pipeline.drop_binds(p_holder uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline
AS $$ DELETE FROM messaging_bind_lease WHERE holder = p_holder $$;
