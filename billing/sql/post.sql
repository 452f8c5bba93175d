-- The only writers of the ledger. Wallets are locked in id order, house accounts never.

-- Account ids are computed, so that opening one twice finds the same and no lookup is needed to name one.
CREATE FUNCTION ledger.account_id(p_workspace uuid, p_kind text, p_currency text) RETURNS uuid
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog
AS $$
    SELECT encode(substring(sha256(convert_to(
        concat_ws(':', 'ledger.account', p_workspace::text, p_kind, p_currency), 'UTF8')) FOR 16), 'hex')::uuid
$$;

-- Open an account, or find it. A caller other than the platform's own stages may open wallets of the workspace whose
-- signed context is in force, and nothing else.
CREATE FUNCTION ledger.open_account(p_workspace uuid, p_kind text, p_currency text) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, ledger
AS $$
DECLARE
    account_id uuid := ledger.account_id(p_workspace, p_kind, p_currency);
    revenue_id uuid;
BEGIN
    IF session_user NOT IN ('sp_system', 'sp_owner') AND p_workspace IS DISTINCT FROM tenancy.workspace() THEN
        RAISE EXCEPTION 'workspace context refused: another workspace' USING ERRCODE = 'SP001';
    END IF;
    IF p_workspace IS NOT NULL THEN
        revenue_id := ledger.house(CASE p_kind WHEN 'test_wallet' THEN 'test_revenue' ELSE 'revenue' END, p_currency);
    END IF;
    INSERT INTO ledger.account (id, workspace_id, kind, currency, revenue_id)
    VALUES (account_id, p_workspace, p_kind, p_currency, revenue_id)
    ON CONFLICT DO NOTHING;
    RETURN account_id;
END
$$;

CREATE FUNCTION ledger.house(p_kind text, p_currency text) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, ledger
AS $$
DECLARE
    house_id uuid := ledger.account_id(NULL, p_kind, p_currency);
BEGIN
    PERFORM 1 FROM ledger.account WHERE id = house_id;
    IF NOT FOUND THEN
        INSERT INTO ledger.account (id, kind, currency) VALUES (house_id, p_kind, p_currency) ON CONFLICT DO NOTHING;
    END IF;
    RETURN house_id;
END
$$;

-- Post charges whose sum each wallet can pay; a wallet that cannot is left untouched. Answers the wallets that paid.
-- Locks in id order, then one guarded update per wallet and one row per charge.
CREATE FUNCTION ledger.post_charges(p_ids uuid[], p_wallets uuid[], p_amounts bigint[], p_at timestamptz)
RETURNS uuid[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, ledger
SET enable_seqscan = off SET enable_nestloop = off SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    paid_wallets uuid[];
BEGIN
    PERFORM 1 FROM ledger.account a WHERE a.id = ANY (p_wallets) ORDER BY a.id FOR NO KEY UPDATE;

    WITH due AS (
        SELECT wallet, sum(amount)::bigint AS total, count(*) AS number
        FROM unnest(p_wallets, p_amounts) AS i(wallet, amount) WHERE amount > 0 GROUP BY wallet
    ), paid AS (
        UPDATE ledger.account a SET posted = a.posted - due.total, seq = a.seq + due.number
        FROM due
        WHERE a.id = ANY (p_wallets) AND a.id = due.wallet AND a.workspace_id IS NOT NULL AND NOT a.frozen
          AND a.posted - a.held - due.total >= -a.credit_limit
        RETURNING a.id, a.workspace_id, a.currency, a.revenue_id, a.posted + due.total AS before,
                  a.seq - due.number AS seq_before
    ), posted AS (
        INSERT INTO ledger.transfer (id, kind, debit_id, credit_id, currency, amount, workspace_id, wallet_id,
                                     wallet_seq, wallet_after, at)
        SELECT i.id, 'charge', i.wallet, paid.revenue_id, paid.currency, i.amount, paid.workspace_id, i.wallet,
               paid.seq_before + row_number() OVER w, paid.before - (sum(i.amount) OVER w)::bigint, p_at
        FROM unnest(p_ids, p_wallets, p_amounts) WITH ORDINALITY AS i(id, wallet, amount, ord)
        JOIN paid ON paid.id = i.wallet
        WHERE i.amount > 0
        WINDOW w AS (PARTITION BY i.wallet ORDER BY i.ord ROWS UNBOUNDED PRECEDING)
    )
    SELECT array_agg(id) INTO paid_wallets FROM paid;
    RETURN coalesce(paid_wallets, '{}');
END
$$;

-- Charge wallets, in order. Answers for each item whether it was charged, exactly as if each had been charged alone
-- and in order: while a wallet's money lasts, skipping what it cannot pay. Zero costs nothing and succeeds; a frozen
-- wallet pays nothing. A message already charged raises unique_violation. With `p_workspaces`, each wallet must
-- belong to the workspace beside it.
CREATE FUNCTION ledger.charge_many(
    p_ids uuid[], p_wallets uuid[], p_amounts bigint[], p_at timestamptz, p_workspaces uuid[] DEFAULT NULL
) RETURNS boolean[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, ledger
SET enable_seqscan = off SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    charged boolean[] := array_fill(true, ARRAY[cardinality(p_ids)]);
    paid uuid[];
    funded integer[];
    short uuid[];
BEGIN
    IF cardinality(p_ids) <> cardinality(p_wallets) OR cardinality(p_ids) <> cardinality(p_amounts) THEN
        RAISE EXCEPTION 'charge_many: arrays of different length' USING ERRCODE = 'array_subscript_error';
    ELSIF 0 > ANY (p_amounts) OR array_position(p_amounts, NULL) IS NOT NULL
          OR array_position(p_wallets, NULL) IS NOT NULL THEN
        RAISE EXCEPTION 'charge_many: an amount is negative, or something is null' USING ERRCODE = 'numeric_value_out_of_range';
    END IF;
    IF p_workspaces IS NOT NULL THEN
        PERFORM 1 FROM (SELECT DISTINCT wallet, workspace FROM unnest(p_wallets, p_workspaces) AS i(wallet, workspace)) i
        LEFT JOIN ledger.account a ON a.id = i.wallet WHERE a.workspace_id IS DISTINCT FROM i.workspace;
        IF FOUND THEN
            RAISE EXCEPTION 'workspace context refused: a wallet of another workspace' USING ERRCODE = 'SP001';
        END IF;
    END IF;

    paid := ledger.post_charges(p_ids, p_wallets, p_amounts, p_at);
    SELECT array_agg(DISTINCT wallet) INTO short FROM unnest(p_wallets, p_amounts) AS i(wallet, amount)
    WHERE amount > 0 AND wallet <> ALL (paid);
    IF short IS NULL THEN
        RETURN charged;
    END IF;

    PERFORM 1 FROM unnest(short) AS s(wallet)
    WHERE NOT EXISTS (SELECT 1 FROM ledger.account a WHERE a.id = s.wallet AND a.workspace_id IS NOT NULL);
    IF FOUND THEN
        RAISE EXCEPTION 'no such wallet' USING ERRCODE = 'foreign_key_violation';
    END IF;

    -- The wallets that came up short are locked by now: see what each can pay, and post that.
    funded := ledger.affordable(p_wallets, p_amounts, short);
    IF cardinality(funded) > 0 THEN
        PERFORM ledger.post_charges(array_agg(p_ids[ord] ORDER BY ord), array_agg(p_wallets[ord] ORDER BY ord),
                                    array_agg(p_amounts[ord] ORDER BY ord), p_at)
        FROM unnest(funded) AS ord;
    END IF;
    SELECT array_agg(amount = 0 OR wallet <> ALL (short) OR ord::integer = ANY (funded) ORDER BY ord) INTO charged
    FROM unnest(p_wallets, p_amounts) WITH ORDINALITY AS i(wallet, amount, ord);
    RETURN charged;
END
$$;

-- The positions, in order, of the items that these wallets can pay one after the other. The caller holds their locks.
CREATE FUNCTION ledger.affordable(p_wallets uuid[], p_amounts bigint[], p_short uuid[]) RETURNS integer[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, ledger
SET enable_seqscan = off SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    item record;
    present uuid;
    remaining bigint;
    funded integer[] := '{}';
BEGIN
    FOR item IN
        SELECT i.wallet, i.amount, i.ord::integer AS ord,
               CASE WHEN a.frozen THEN 0 ELSE a.posted - a.held + a.credit_limit END AS available
        FROM unnest(p_wallets, p_amounts) WITH ORDINALITY AS i(wallet, amount, ord)
        JOIN ledger.account a ON a.id = i.wallet
        WHERE i.amount > 0 AND i.wallet = ANY (p_short) AND a.workspace_id IS NOT NULL
        ORDER BY i.wallet, i.ord
    LOOP
        IF present IS DISTINCT FROM item.wallet THEN
            present := item.wallet;
            remaining := item.available;
        END IF;
        IF item.amount <= remaining THEN
            remaining := remaining - item.amount;
            funded := funded || item.ord;
        END IF;
    END LOOP;
    RETURN funded;
END
$$;

-- Give back charges, each once however often it is asked; answers how many were given back now. What was never
-- charged is passed over. The wallets' locks come first, so that whoever waited sees the refund made meanwhile.
CREATE FUNCTION ledger.refund_many(p_ids uuid[], p_at timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, ledger
SET enable_seqscan = off SET enable_nestloop = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    -- Rows are reached by arrays of keys and joined by hash, so that no statistics can make this quadratic.
    low uuid := (SELECT id FROM unnest(p_ids) AS i(id) ORDER BY id LIMIT 1);
    high uuid := (SELECT id FROM unnest(p_ids) AS i(id) ORDER BY id DESC LIMIT 1);
    wallets uuid[] := ARRAY(SELECT DISTINCT t.wallet_id FROM ledger.transfer t
                            WHERE t.id = ANY (p_ids) AND t.kind = 'charge' AND t.id BETWEEN low AND high);
    number integer;
BEGIN
    PERFORM 1 FROM ledger.account a WHERE a.id = ANY (wallets) ORDER BY a.id FOR NO KEY UPDATE;

    WITH owed AS MATERIALIZED (
        SELECT t.id, t.workspace_id, t.wallet_id, t.debit_id, t.credit_id, t.currency, t.amount
        FROM ledger.transfer t
        WHERE t.id = ANY (p_ids) AND t.kind = 'charge' AND t.id BETWEEN low AND high
          AND NOT EXISTS (SELECT 1 FROM ledger.transfer r
                          WHERE r.id = t.id AND r.id = ANY (p_ids) AND r.kind = 'refund' AND r.id BETWEEN low AND high)
    ), total AS (
        SELECT wallet_id, sum(amount)::bigint AS total, count(*) AS number FROM owed GROUP BY wallet_id
    ), credited AS (
        UPDATE ledger.account a SET posted = a.posted + total.total, seq = a.seq + total.number
        FROM total WHERE a.id = total.wallet_id AND a.id = ANY (wallets)
        RETURNING a.id, a.posted - total.total AS before, a.seq - total.number AS seq_before
    )
    INSERT INTO ledger.transfer (id, kind, reverses, debit_id, credit_id, currency, amount, workspace_id, wallet_id,
                                 wallet_seq, wallet_after, at)
    SELECT o.id, 'refund', 'charge', o.credit_id, o.debit_id, o.currency, o.amount, o.workspace_id, o.wallet_id,
           c.seq_before + row_number() OVER w, c.before + (sum(o.amount) OVER w)::bigint, p_at
    FROM owed o JOIN credited c ON c.id = o.wallet_id
    WINDOW w AS (PARTITION BY o.wallet_id ORDER BY o.id ROWS UNBOUNDED PRECEDING);
    GET DIAGNOSTICS number = ROW_COUNT;
    RETURN number;
END
$$;

-- One transfer between a wallet and a house account; a positive amount credits the wallet. Answers the new balance.
CREATE FUNCTION ledger.move(
    p_id uuid, p_kind text, p_wallet uuid, p_house text, p_amount bigint, p_actor uuid, p_reason text, p_at timestamptz
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, ledger
AS $$
DECLARE
    wallet ledger.account;
    house_id uuid;
BEGIN
    UPDATE ledger.account a SET posted = a.posted + p_amount, seq = a.seq + 1
    WHERE a.id = p_wallet AND a.workspace_id IS NOT NULL AND (p_amount > 0 OR NOT a.frozen)
    RETURNING a.* INTO wallet;
    IF NOT FOUND THEN
        PERFORM 1 FROM ledger.account a WHERE a.id = p_wallet AND a.frozen;
        IF FOUND THEN
            RAISE EXCEPTION 'the wallet is frozen' USING ERRCODE = 'SP011';
        END IF;
        RAISE EXCEPTION 'no such wallet' USING ERRCODE = 'foreign_key_violation';
    END IF;
    house_id := ledger.house(p_house, wallet.currency);
    INSERT INTO ledger.transfer (id, kind, debit_id, credit_id, currency, amount, workspace_id, wallet_id, wallet_seq,
                                 wallet_after, actor_id, reason, at)
    VALUES (p_id, p_kind, CASE WHEN p_amount > 0 THEN house_id ELSE wallet.id END,
            CASE WHEN p_amount > 0 THEN wallet.id ELSE house_id END, wallet.currency, abs(p_amount),
            wallet.workspace_id, wallet.id, wallet.seq, wallet.posted, p_actor, p_reason, p_at);
    RETURN wallet.posted;
END
$$;

-- Money that came in from outside: `p_source_kind` is card, crypto, manual, promo or test_funds. Its id is the event's,
-- so the same event again raises unique_violation.
CREATE FUNCTION ledger.top_up(p_id uuid, p_wallet uuid, p_amount bigint, p_source_kind text, p_at timestamptz,
                              p_actor uuid DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, ledger
AS $$
BEGIN
    IF p_amount <= 0 OR p_source_kind NOT IN ('card', 'crypto', 'manual', 'promo', 'test_funds') THEN
        RAISE EXCEPTION 'top_up: amount or source refused' USING ERRCODE = 'numeric_value_out_of_range';
    END IF;
    PERFORM 1 FROM ledger.account a
    WHERE a.id = p_wallet AND (a.kind = 'test_wallet') <> (p_source_kind = 'test_funds');
    IF FOUND THEN
        RAISE EXCEPTION 'top_up: real and test money do not mix' USING ERRCODE = 'numeric_value_out_of_range';
    END IF;
    RETURN ledger.move(p_id, 'top_up', p_wallet, p_source_kind, p_amount, p_actor, NULL, p_at);
END
$$;

-- A correction by staff: who and why are part of the row. A negative amount stops at the floor (check_violation).
CREATE FUNCTION ledger.adjust(p_id uuid, p_wallet uuid, p_amount bigint, p_reason text, p_actor uuid, p_at timestamptz)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, ledger
AS $$
BEGIN
    IF p_reason IS NULL OR p_amount = 0 THEN
        RAISE EXCEPTION 'adjust: needs a reason and an amount' USING ERRCODE = 'numeric_value_out_of_range';
    END IF;
    RETURN ledger.move(p_id, 'adjustment', p_wallet, 'adjustments', p_amount, p_actor, p_reason, p_at);
END
$$;

-- Refuse or allow debits of a wallet.
CREATE FUNCTION ledger.freeze(p_wallet uuid, p_frozen boolean) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, ledger
AS $$
    UPDATE ledger.account SET frozen = p_frozen WHERE id = p_wallet AND workspace_id IS NOT NULL RETURNING frozen
$$;
