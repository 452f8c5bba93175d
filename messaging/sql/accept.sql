-- Accepting: check, charge and store any number of messages of any number of workspaces in one statement.
--
-- A source is who sends: one API key (or person) in one mode of one workspace. Each names the wallet it pays from and
-- carries the signed context of its workspace, so that speed opens no hole in isolation. Messages refer to their
-- source by position. The answer has one word per message, in order:
--   ok · replay · revoked_key · workspace_suspended · sender_not_approved · suppressed_recipient · spend_limited ·
--   insufficient_balance
CREATE FUNCTION pipeline.accept(
    p_at timestamptz,
    p_token text[], p_workspace uuid[], p_wallet uuid[], p_key uuid[], p_user uuid[], p_livemode boolean[],
    p_source integer[], p_id uuid[], p_batch uuid[], p_sender uuid[], p_template uuid[], p_callback uuid[],
    p_to_ct bytea[], p_to_idx bytea[], p_country text[], p_category text[], p_lane smallint[], p_encoding text[],
    p_parts smallint[], p_unit_price bigint[], p_price bigint[], p_currency text[], p_price_item uuid[],
    p_basis text[], p_send_at timestamptz[], p_expires_at timestamptz[], p_body_expires_at timestamptz[],
    p_body_hours smallint[], p_discard boolean[], p_mask boolean[], p_reference_ct bytea[], p_reference_idx bytea[], p_metadata_ct bytea[],
    p_text_ct bytea[], p_carrier uuid[],
    p_request integer[], p_request_source integer[], p_digest bytea[], p_fingerprint bytea[], p_keep_until timestamptz[]
) RETURNS text[]
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pipeline
SET enable_seqscan = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    outcome text[] := array_fill('ok'::text, ARRAY[cardinality(p_id)]);
    refused boolean := false;
    checked text[];
    stopped text[];
    fresh integer[];
    funded boolean[];
    caps bigint[];
    within boolean[];
BEGIN
    PERFORM 1 FROM unnest(p_token, p_workspace) AS s(token, workspace)
    WHERE tenancy.subject('w', s.token) IS DISTINCT FROM s.workspace;
    IF FOUND THEN
        RAISE EXCEPTION 'workspace context refused: another workspace' USING ERRCODE = 'SP001';
    END IF;

    -- Workspaces and keys suspended, keys revoked and senders withdrawn since the caller's cache was filled; and what
    -- each key may spend today.
    SELECT array_agg(CASE
        WHEN (SELECT w.suspended_at <= p_at FROM accounts_workspace w WHERE w.id = s.workspace) THEN 'workspace_suspended'
        ELSE (SELECT CASE WHEN k.revoked_at <= p_at OR k.expires_at <= p_at OR k.workspace_id <> s.workspace
                          THEN 'revoked_key' WHEN k.suspended_at <= p_at THEN 'workspace_suspended' END
              FROM accounts_api_key k WHERE k.id = s.key) END ORDER BY s.ord),
        array_agg((SELECT k.money_max FROM accounts_api_key k WHERE k.id = s.key) ORDER BY s.ord)
    INTO stopped, caps FROM unnest(p_key, p_workspace) WITH ORDINALITY AS s(key, workspace, ord);
    SELECT array_agg(coalesce(stopped[m.source], CASE WHEN m.approved THEN 'ok' ELSE 'sender_not_approved' END)
                     ORDER BY m.ord), bool_or(stopped[m.source] IS NOT NULL OR m.approved IS NOT TRUE)
    INTO checked, refused
    FROM (SELECT source, ord, (SELECT s.state = 'approved' OR (s.state IN ('draft', 'review') AND NOT p_livemode[source])
                               FROM messaging_sender s
                               WHERE s.id = sender AND s.workspace_id = p_workspace[source]) AS approved
          FROM unnest(p_source, p_sender) WITH ORDINALITY AS u(source, sender, ord)) AS m;
    IF refused THEN
        outcome := checked;
    END IF;

    PERFORM 1 FROM messaging_suppression LIMIT 1;
    IF FOUND THEN
        SELECT array_agg(CASE WHEN m.outcome = 'ok' AND (
                   SELECT true FROM messaging_suppression x
                   WHERE x.workspace_id = p_workspace[m.source] AND x.to_idx = m.to_idx
                     AND (x.reason <> 'opt_out' OR m.category <> 'otp') LIMIT 1) THEN 'suppressed_recipient'
                   ELSE m.outcome END ORDER BY m.ord)
        INTO outcome
        FROM unnest(p_source, p_to_idx, p_category, outcome) WITH ORDINALITY AS m(source, to_idx, category, outcome, ord);
        refused := refused OR 'suppressed_recipient' = ANY (outcome);
    END IF;

    -- Idempotency: the first request with a key owns it; every other one is a replay of what it made.
    IF cardinality(p_digest) > 0 THEN
        WITH request AS (
            SELECT DISTINCT ON (p_workspace[r.source], coalesce(p_key[r.source], p_user[r.source]), r.digest)
                   r.ord, p_workspace[r.source] AS workspace_id, coalesce(p_key[r.source], p_user[r.source]) AS key_id,
                   r.digest, r.fingerprint, r.keep_until
            FROM unnest(p_request_source, p_digest, p_fingerprint, p_keep_until)
                 WITH ORDINALITY AS r(source, digest, fingerprint, keep_until, ord)
            ORDER BY 2, 3, 4, 1
        ), owned AS (
            INSERT INTO messaging_idempotency_key AS k
                (workspace_id, key_id, digest, fingerprint, message_ids, outcomes, expires_at)
            SELECT workspace_id, key_id, digest, fingerprint, '{}', '{}', keep_until FROM request ORDER BY 1, 2, 3
            ON CONFLICT (workspace_id, key_id, digest) DO UPDATE
                SET fingerprint = excluded.fingerprint, message_ids = '{}', outcomes = '{}',
                    expires_at = excluded.expires_at
                WHERE k.expires_at <= p_at
            RETURNING workspace_id, key_id, digest
        )
        SELECT coalesce(array_agg(request.ord::integer), '{}') INTO fresh
        FROM request JOIN owned USING (workspace_id, key_id, digest);
        SELECT array_agg(CASE WHEN m.request IS NOT NULL AND NOT m.request = ANY (fresh) THEN 'replay'
                              ELSE m.outcome END ORDER BY m.ord)
        INTO outcome FROM unnest(p_request, outcome) WITH ORDINALITY AS m(request, outcome, ord);
        refused := refused OR 'replay' = ANY (outcome);
    END IF;

    IF num_nonnulls(VARIADIC caps) > 0 AND 'ok' = ANY (outcome) THEN
        SELECT ledger.within_caps(array_agg(p_key[m.source] ORDER BY m.ord),
                                  array_agg(p_workspace[m.source] ORDER BY m.ord),
                                  array_agg(CASE m.outcome WHEN 'ok' THEN caps[m.source] END ORDER BY m.ord),
                                  array_agg(m.price ORDER BY m.ord),
                                  (p_at AT TIME ZONE 'UTC')::date) INTO within
        FROM unnest(p_source, p_price, outcome) WITH ORDINALITY AS m(source, price, outcome, ord);
        IF false = ANY (within) THEN
            SELECT array_agg(CASE WHEN m.outcome = 'ok' AND NOT m.fits THEN 'spend_limited' ELSE m.outcome END ORDER BY m.ord)
            INTO outcome FROM unnest(outcome, within) WITH ORDINALITY AS m(outcome, fits, ord);
            refused := true;
        END IF;
    END IF;

    IF NOT refused THEN
        SELECT ledger.charge_many(p_id, array_agg(p_wallet[m.source] ORDER BY m.ord), p_price, p_at,
                                  array_agg(p_workspace[m.source] ORDER BY m.ord)) INTO funded
        FROM unnest(p_source) WITH ORDINALITY AS m(source, ord);
    ELSIF 'ok' = ANY (outcome) THEN
        SELECT ledger.charge_many(array_agg(m.id ORDER BY m.ord), array_agg(p_wallet[m.source] ORDER BY m.ord),
                                  array_agg(m.price ORDER BY m.ord), p_at,
                                  array_agg(p_workspace[m.source] ORDER BY m.ord)) INTO funded
        FROM unnest(p_source, p_id, p_price, outcome) WITH ORDINALITY AS m(source, id, price, outcome, ord)
        WHERE m.outcome = 'ok';
    END IF;
    IF false = ANY (funded) THEN
        SELECT array_agg(CASE WHEN m.outcome <> 'ok' THEN m.outcome WHEN funded[m.nth] THEN 'ok'
                              ELSE 'insufficient_balance' END ORDER BY m.ord)
        INTO outcome
        FROM (SELECT ord, outcome, count(*) FILTER (WHERE outcome = 'ok') OVER (ORDER BY ord) AS nth
              FROM unnest(outcome) WITH ORDINALITY AS o(outcome, ord)) AS m;
        refused := true;
    END IF;
    IF within IS NOT NULL THEN
        PERFORM ledger.spend_caps(array_agg(p_key[m.source]), array_agg(m.price), (p_at AT TIME ZONE 'UTC')::date)
        FROM unnest(p_source, p_price, outcome) AS m(source, price, outcome)
        WHERE m.outcome = 'ok' AND caps[m.source] IS NOT NULL HAVING count(*) > 0;
    END IF;

    WITH m AS MATERIALIZED (
        SELECT m.* FROM unnest(
            p_source, p_id, p_batch, p_sender, p_template, p_callback, p_to_ct, p_to_idx, p_country, p_category, p_lane,
            p_encoding, p_parts, p_unit_price, p_price, p_currency, p_price_item, p_basis, p_send_at, p_expires_at,
            p_body_expires_at, p_body_hours, p_discard, p_mask, p_reference_ct, p_reference_idx, p_metadata_ct, p_text_ct,
            p_carrier, outcome
        ) AS m(source, id, batch, sender, template, callback, to_ct, to_idx, country, category, lane, encoding, parts,
               unit_price, price, currency, price_item, basis, send_at, expires_at, body_expires_at, body_hours, discard,
               mask, reference_ct, reference_idx, metadata_ct, text_ct, carrier, outcome)
        WHERE m.outcome = 'ok'
    ), stored AS (
        INSERT INTO messaging_message (id, workspace_id, livemode, api_key_id, user_id, batch_id, sender_id, template_id,
            callback_id, to_ct, to_idx, country, category, encoding, parts, unit_price, price, currency, price_item_id,
            refund_basis, status, send_at, expires_at, body_expires_at, body_hours, discard_body, mask_recipient,
            reference_ct, reference_idx, metadata_ct)
        SELECT id, p_workspace[source], p_livemode[source], p_key[source], p_user[source], batch, sender, template,
            callback, to_ct, to_idx, country, category, encoding, parts, unit_price, price, currency, price_item, basis,
            CASE WHEN send_at > p_at THEN 'scheduled' ELSE 'queued' END, send_at, expires_at, body_expires_at, body_hours,
            discard, mask, reference_ct, reference_idx, metadata_ct
        FROM m
    ), bodies AS (
        INSERT INTO messaging_body (expires_on, message_id, workspace_id, text_ct)
        SELECT (body_expires_at AT TIME ZONE 'UTC')::date, id, p_workspace[source], text_ct
        FROM m WHERE text_ct IS NOT NULL
    )
    INSERT INTO messaging_outbox (message_id, workspace_id, carrier_id, state, lane, due_at, expires_at, attempt,
                                  failures, hop, parts)
    SELECT id, p_workspace[source], carrier, 0, lane, coalesce(send_at, p_at), expires_at, 0, 0, 0, parts FROM m;

    IF cardinality(fresh) > 0 THEN
        PERFORM pipeline.remember(fresh, p_workspace, p_key, p_user, p_request_source, p_digest, p_request, p_id, outcome);
    END IF;
    IF EXISTS (SELECT 1 FROM messaging_webhook_endpoint e
               WHERE e.workspace_id = ANY (p_workspace) AND 'message.queued' = ANY (e.types)) THEN
        PERFORM pipeline.emit(
            p_id, array_agg(p_workspace[m.source] ORDER BY m.ord), array_agg(p_livemode[m.source] ORDER BY m.ord),
            p_callback, array_agg(CASE WHEN m.outcome = 'ok' THEN 'message.queued' END ORDER BY m.ord), NULL, p_at)
        FROM unnest(p_source, outcome) WITH ORDINALITY AS m(source, outcome, ord);
    END IF;
    RETURN outcome;
END
$$;

-- What each fresh idempotent request made. A request of which nothing was accepted leaves no trace: it may be repeated.
CREATE FUNCTION pipeline.remember(
    p_fresh integer[], p_workspace uuid[], p_key uuid[], p_user uuid[], p_request_source integer[], p_digest bytea[],
    p_request integer[], p_id uuid[], p_outcome text[]
) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline SET enable_seqscan = off
AS $$
    WITH made AS (
        SELECT m.request, array_agg(CASE WHEN m.outcome = 'ok' THEN m.id END ORDER BY m.ord) AS message_ids,
               array_agg(m.outcome ORDER BY m.ord) AS outcomes, bool_or(m.outcome = 'ok') AS any_accepted
        FROM unnest(p_request, p_id, p_outcome) WITH ORDINALITY AS m(request, id, outcome, ord)
        WHERE m.request = ANY (p_fresh) GROUP BY m.request
    ), named AS (
        SELECT made.*, p_workspace[r.source] AS workspace_id, coalesce(p_key[r.source], p_user[r.source]) AS key_id, r.digest
        FROM unnest(p_request_source, p_digest) WITH ORDINALITY AS r(source, digest, ord)
        JOIN made ON made.request = r.ord
    ), forgotten AS (
        DELETE FROM messaging_idempotency_key k USING named
        WHERE (k.workspace_id, k.key_id, k.digest) = (named.workspace_id, named.key_id, named.digest)
          AND NOT named.any_accepted
    )
    UPDATE messaging_idempotency_key k SET message_ids = named.message_ids, outcomes = named.outcomes
    FROM named
    WHERE (k.workspace_id, k.key_id, k.digest) = (named.workspace_id, named.key_id, named.digest) AND named.any_accepted
$$;
