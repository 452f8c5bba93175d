-- Receipts and final states.

-- Bring messages to a final state, once: the outbox row goes, money that is not owed returns, the webhook is queued.
-- A message that is final already is left alone. Refund policy by the price's basis, part by part: `accept` pays for
-- the attempt, `submit` for each part that a carrier took, `delivered` for each part that arrived; what we refused or
-- the customer canceled is free.
CREATE FUNCTION pipeline.finish(p_id uuid[], p_status text[], p_error text[], p_at timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline
SET enable_seqscan = off SET enable_nestloop = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    done record;
    least uuid := (SELECT id FROM unnest(p_id) AS i(id) ORDER BY id LIMIT 1);
    most uuid := (SELECT id FROM unnest(p_id) AS i(id) ORDER BY id DESC LIMIT 1);
BEGIN
    WITH wanted AS (
        SELECT DISTINCT ON (id) id, status, error
        FROM unnest(p_id, p_status, p_error) AS f(id, status, error) ORDER BY id
    ), taken AS (
        DELETE FROM messaging_outbox o USING wanted w WHERE o.message_id = w.id AND o.message_id = ANY (p_id)
        RETURNING o.message_id AS id, o.state, w.status, w.error
    ), changed AS (
        UPDATE messaging_message m SET status = t.status, error = t.error, final_at = p_at,
            (returned, refunded) = (SELECT nullif(b.back, 0), b.back > 0 AND b.back = m.price FROM (SELECT CASE
                WHEN t.status = 'delivered' THEN 0
                WHEN t.status IN ('canceled', 'rejected') THEN m.price
                WHEN m.refund_basis = 'accept' OR (m.refund_basis = 'submit' AND t.state = 2) THEN 0
                WHEN m.parts = 1 THEN m.price
                ELSE m.unit_price * (m.parts - (
                    SELECT count(DISTINCT a.part) FROM messaging_attempt a
                    WHERE a.message_id = m.id AND CASE m.refund_basis WHEN 'delivered' THEN a.receipt = 'delivered'
                                                                      ELSE a.outcome = 'accepted' END))
                END AS back) AS b),
            to_ct = CASE WHEN m.mask_recipient THEN NULL ELSE m.to_ct END,
            redacted_at = CASE WHEN m.discard_body THEN coalesce(m.redacted_at, p_at) ELSE m.redacted_at END
        FROM taken t WHERE m.id = t.id AND m.id = ANY (p_id) AND m.id >= least AND m.id <= most
        RETURNING m.id, m.workspace_id, m.livemode, m.callback_id, m.status, m.error, m.returned, m.discard_body,
                  m.body_expires_at
    )
    SELECT count(*)::integer AS number, array_agg(id) AS ids, array_agg(workspace_id) AS workspaces,
           array_agg(livemode) AS livemodes, array_agg(callback_id) AS callbacks,
           array_agg('message.' || status) AS types, array_agg(error::text) AS errors,
           array_agg(id) FILTER (WHERE returned > 0) AS refunds,
           array_agg(returned) FILTER (WHERE returned > 0) AS amounts,
           array_agg(id) FILTER (WHERE discard_body) AS discards,
           array_agg((body_expires_at AT TIME ZONE 'UTC')::date) FILTER (WHERE discard_body) AS discard_days
    INTO done FROM changed;

    IF done.number = 0 THEN
        RETURN 0;
    END IF;
    IF done.refunds IS NOT NULL THEN
        PERFORM ledger.refund_many(done.refunds, p_at, done.amounts);
    END IF;
    IF done.discards IS NOT NULL THEN
        DELETE FROM messaging_body b USING unnest(done.discards, done.discard_days) AS d(id, day)
        WHERE b.message_id = d.id AND b.expires_on = d.day;
    END IF;
    PERFORM pipeline.emit(done.ids, done.workspaces, done.livemodes, done.callbacks, done.types, done.errors, p_at);
    RETURN done.number;
END
$$;

-- Apply final receipts of one carrier, in order. Ids are in the carrier's canonical form: guessing a base here would
-- let one message's receipt decide another. Answers how many matched nothing and were kept as orphans.
CREATE FUNCTION pipeline.record_receipts(
    p_carrier uuid, p_at timestamptz, p_ref text[], p_state text[], p_code text[]
) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline
SET enable_seqscan = off SET enable_nestloop = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    orphans integer := 0;
    told record;
    hit record;
    since uuid := pipeline.floor(p_at - interval '8 days');  -- no receipt comes later than this; prunes old months
BEGIN
    WITH receipt AS (
        SELECT DISTINCT ON (ref) ref, state, code, ord
        FROM unnest(p_ref, p_state, p_code) WITH ORDINALITY AS r(ref, state, code, ord) ORDER BY ref, ord
    ), updated AS (
        UPDATE messaging_attempt a SET receipt = r.state, receipt_code = r.code, receipt_at = p_at
        FROM receipt r
        WHERE a.ref = r.ref AND a.carrier_id = p_carrier AND a.ref = ANY (p_ref) AND a.message_id >= since
          AND a.receipt IS NULL
        RETURNING a.message_id, r.state, r.code, r.ord
    )
    SELECT array_agg(message_id) AS messages, array_agg(state) AS states, array_agg(code) AS codes,
           array_agg(ord::integer) AS ords
    INTO told FROM updated;

    -- Single parts decide at once; of several parts, see `settle`. What is final already is in no outbox.
    SELECT array_agg(t.message) FILTER (WHERE o.parts = 1) AS ids,
           array_agg(pipeline.status_of(t.state)) FILTER (WHERE o.parts = 1) AS states,
           array_agg(CASE WHEN t.state <> 'delivered' THEN pipeline.error_of(t.state, t.code) END)
               FILTER (WHERE o.parts = 1) AS errors,
           array_agg(DISTINCT t.message) FILTER (WHERE o.parts > 1) AS several
    INTO hit
    FROM unnest(told.messages, told.states, told.codes) AS t(message, state, code)
    JOIN messaging_outbox o ON o.message_id = t.message
    WHERE o.message_id = ANY (told.messages);

    IF hit.ids IS NOT NULL THEN
        PERFORM pipeline.finish(hit.ids, hit.states, hit.errors, p_at);
    END IF;
    IF hit.several IS NOT NULL THEN
        PERFORM pipeline.settle(hit.several, p_at);
    END IF;
    IF coalesce(cardinality(told.ords), 0) < cardinality(p_ref) THEN
        orphans := pipeline.keep_strays(p_carrier, p_at, since, p_ref, p_state, p_code, coalesce(told.ords, '{}'));
    END IF;
    RETURN orphans;
END
$$;

CREATE FUNCTION pipeline.status_of(p_state text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT CASE p_state WHEN 'delivered' THEN 'delivered' WHEN 'expired' THEN 'expired' ELSE 'undelivered' END $$;

CREATE FUNCTION pipeline.error_of(p_state text, p_code text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT left('carrier_' || p_state || coalesce('_' || nullif(p_code, ''), ''), 40) $$;

-- Messages of several parts: delivered when every part is; otherwise final as soon as every part has its receipt. A
-- part sent twice counts by the better of its receipts.
CREATE FUNCTION pipeline.settle(p_messages uuid[], p_at timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline
SET enable_seqscan = off SET enable_nestloop = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan
AS $$
    WITH part AS (
        SELECT a.message_id, a.part, bool_or(a.receipt = 'delivered') AS delivered,
               min(a.receipt) FILTER (WHERE a.receipt <> 'delivered') AS state,
               min(a.receipt_code) FILTER (WHERE a.receipt <> 'delivered') AS code
        FROM messaging_attempt a
        WHERE a.message_id = ANY (p_messages) AND a.receipt IS NOT NULL GROUP BY a.message_id, a.part
    ), whole AS (
        SELECT p.message_id, count(*) AS parts, bool_and(coalesce(delivered, false)) AS delivered,
               min(state) FILTER (WHERE NOT coalesce(delivered, false)) AS state,
               min(code) FILTER (WHERE NOT coalesce(delivered, false)) AS code
        FROM part p GROUP BY p.message_id
    )
    SELECT pipeline.finish(
        array_agg(w.message_id), array_agg(CASE WHEN w.delivered THEN 'delivered' ELSE pipeline.status_of(w.state) END),
        array_agg(CASE WHEN NOT w.delivered THEN pipeline.error_of(w.state, w.code) END), p_at)
    FROM whole w JOIN messaging_outbox o ON o.message_id = w.message_id
    WHERE w.parts = o.parts AND o.message_id = ANY (p_messages) HAVING count(*) > 0
$$;

-- Receipts that changed no attempt: repeats are dropped, contradictions noted on the message, unknown ids kept.
CREATE FUNCTION pipeline.keep_strays(
    p_carrier uuid, p_at timestamptz, p_since uuid, p_ref text[], p_state text[], p_code text[],
    p_used integer[]
) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline SET enable_seqscan = off
AS $$
    WITH stray AS (
        SELECT r.ref, r.state, r.code, a.message_id, a.workspace_id, a.receipt
        FROM unnest(p_ref, p_state, p_code) WITH ORDINALITY AS r(ref, state, code, ord)
        LEFT JOIN LATERAL (
            SELECT a.message_id, a.workspace_id, a.receipt FROM messaging_attempt a
            WHERE a.carrier_id = p_carrier AND a.ref = r.ref AND a.message_id >= p_since LIMIT 1
        ) AS a ON true
        WHERE NOT r.ord::integer = ANY (p_used)
    ), conflict AS (
        INSERT INTO messaging_event (id, workspace_id, message_id, kind, code, at)
        SELECT pipeline.uuid7(p_at), workspace_id, message_id, 'receipt_conflict', left(state, 40), p_at
        FROM stray WHERE message_id IS NOT NULL AND receipt IS DISTINCT FROM state
    ), kept AS (
        INSERT INTO messaging_orphan_receipt (id, carrier_id, ref, state, code, received_at)
        SELECT pipeline.uuid7(p_at), p_carrier, ref, state, code, p_at FROM stray WHERE message_id IS NULL
        RETURNING 1
    )
    SELECT count(*)::integer FROM kept
$$;

-- Orphans that can be matched now: those with one of p_refs, or any (p_refs null: the sweep). Answers how many.
CREATE FUNCTION pipeline.match_orphans(p_carrier uuid, p_refs text[], p_at timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline
SET enable_seqscan = off
AS $$
#variable_conflict use_column
DECLARE
    early record;
BEGIN
    PERFORM 1 FROM messaging_orphan_receipt WHERE carrier_id = p_carrier AND matched_at IS NULL LIMIT 1;
    IF NOT FOUND THEN
        RETURN 0;
    END IF;
    WITH waiting AS (
        SELECT r.id, r.ref FROM messaging_orphan_receipt r
        WHERE r.carrier_id = p_carrier AND r.matched_at IS NULL
          AND (p_refs IS NULL OR r.ref = ANY (p_refs))
        ORDER BY r.received_at LIMIT 1000 FOR UPDATE SKIP LOCKED
    ), matched AS (
        UPDATE messaging_orphan_receipt r SET matched_at = p_at FROM waiting w
        WHERE r.id = w.id AND EXISTS (
            SELECT 1 FROM messaging_attempt a
            WHERE a.carrier_id = p_carrier AND a.ref = w.ref
              AND a.message_id >= pipeline.floor(p_at - interval '8 days'))
        RETURNING r.ref, r.state, r.code, r.received_at
    )
    SELECT array_agg(ref::text ORDER BY received_at) AS refs, array_agg(state::text ORDER BY received_at) AS states,
           array_agg(code::text ORDER BY received_at) AS codes
    INTO early FROM matched;
    IF early.refs IS NULL THEN
        RETURN 0;
    END IF;
    PERFORM pipeline.record_receipts(p_carrier, p_at, early.refs, early.states, early.codes);
    RETURN cardinality(early.refs);
END
$$;

-- Messages whose validity is over: those never handed over now, those without a receipt after p_grace more.
CREATE FUNCTION pipeline.expire(p_at timestamptz, p_grace interval, p_limit integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline SET enable_seqscan = off
AS $$
#variable_conflict use_column
DECLARE
    over record;
BEGIN
    SELECT array_agg(message_id) AS ids, array_agg('expired'::text) AS states,
           array_agg(CASE WHEN state = 2 THEN 'no_receipt' ELSE 'validity_over' END) AS errors
    INTO over
    FROM (SELECT o.message_id, o.state FROM messaging_outbox o
          WHERE o.expires_at <= p_at AND (o.state = 0 OR (o.state = 2 AND o.expires_at <= p_at - p_grace))
          ORDER BY o.expires_at LIMIT p_limit FOR UPDATE SKIP LOCKED) AS o;
    IF over.ids IS NULL THEN
        RETURN 0;
    END IF;
    RETURN pipeline.finish(over.ids, over.states, over.errors, p_at);
END
$$;
