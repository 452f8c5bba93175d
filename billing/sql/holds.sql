-- Holds: money set aside for what will be sent over time. Taking and ending one touch the wallet, drawing touches the
-- hold alone, so that a long job neither waits for the wallet nor makes others wait. Lock order: cap, hold, wallet.
ALTER TABLE ledger.transfer DROP CONSTRAINT transfer_kind_check;
ALTER TABLE ledger.transfer ADD CONSTRAINT transfer_kind_check
    CHECK (kind IN ('charge', 'refund', 'top_up', 'adjustment', 'drawn'));

CREATE TABLE ledger.hold (
    id uuid PRIMARY KEY,
    workspace_id uuid NOT NULL,
    wallet_id uuid NOT NULL REFERENCES ledger.account,
    amount bigint NOT NULL CHECK (amount > 0),
    used bigint NOT NULL DEFAULT 0,
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closed', 'expired')),
    taken_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    CONSTRAINT hold_used CHECK (used >= 0 AND used <= amount),
    CONSTRAINT hold_time CHECK (expires_at > taken_at),
    CONSTRAINT hold_ended CHECK ((state = 'open') = (ended_at IS NULL))
) WITH (fillfactor = 40);
CREATE INDEX hold_open ON ledger.hold (expires_at) WHERE state = 'open';
CREATE INDEX hold_wallet ON ledger.hold (wallet_id);
CREATE INDEX hold_ended ON ledger.hold (ended_at) WHERE ended_at IS NOT NULL;

-- What is agreed does not change, what has ended stays as it is, and rows go with the books of their time.
CREATE FUNCTION ledger.refuse_hold_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
BEGIN
    IF TG_OP = 'DELETE' AND OLD.ended_at < clock_timestamp() - interval '7 years' THEN
        RETURN OLD;
    ELSIF TG_OP = 'UPDATE' AND OLD.state = 'open'
          AND (NEW.id, NEW.workspace_id, NEW.wallet_id, NEW.amount, NEW.taken_at, NEW.expires_at)
            = (OLD.id, OLD.workspace_id, OLD.wallet_id, OLD.amount, OLD.taken_at, OLD.expires_at) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a hold does not change: % refused', TG_OP USING ERRCODE = 'SP010';
END
$$;
REVOKE ALL ON FUNCTION ledger.refuse_hold_change() FROM PUBLIC;
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON ledger.hold
    FOR EACH ROW EXECUTE FUNCTION ledger.refuse_hold_change();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON ledger.hold
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

ALTER TABLE ledger.hold ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger.hold FORCE ROW LEVEL SECURITY;
CREATE POLICY sp_app ON ledger.hold FOR SELECT TO sp_app USING (workspace_id = (SELECT tenancy.workspace()));
CREATE POLICY sp_definer ON ledger.hold TO sp_definer USING (true) WITH CHECK (true);
CREATE POLICY sp_system ON ledger.hold FOR SELECT TO sp_system USING (true);
GRANT SELECT ON ledger.hold TO sp_app, sp_system;
GRANT SELECT, INSERT, DELETE, UPDATE (used, state, ended_at) ON ledger.hold TO sp_definer;

GRANT CREATE ON SCHEMA ledger TO sp_definer;
SET LOCAL ROLE sp_definer;

-- Set `p_amount` of a wallet aside until `p_expires_at`; answers what is left to spend beside it. The same id again
-- raises unique_violation, too little money check_violation.
CREATE FUNCTION ledger.take_hold(p_id uuid, p_wallet uuid, p_amount bigint, p_expires_at timestamptz, p_at timestamptz)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, ledger
AS $$
DECLARE
    wallet ledger.account;
BEGIN
    IF p_amount <= 0 OR p_expires_at <= p_at THEN
        RAISE EXCEPTION 'take_hold: amount or time refused' USING ERRCODE = 'numeric_value_out_of_range';
    END IF;
    UPDATE ledger.account a SET held = a.held + p_amount
    WHERE a.id = p_wallet AND a.workspace_id IS NOT NULL AND NOT a.frozen RETURNING a.* INTO wallet;
    IF NOT FOUND THEN
        PERFORM 1 FROM ledger.account a WHERE a.id = p_wallet AND a.frozen;
        IF FOUND THEN
            RAISE EXCEPTION 'the wallet is frozen' USING ERRCODE = 'SP011';
        END IF;
        RAISE EXCEPTION 'no such wallet' USING ERRCODE = 'foreign_key_violation';
    END IF;
    INSERT INTO ledger.hold (id, workspace_id, wallet_id, amount, taken_at, expires_at)
    VALUES (p_id, wallet.workspace_id, wallet.id, p_amount, p_at, p_expires_at);
    RETURN wallet.posted - wallet.held + wallet.credit_limit;
END
$$;

-- Spend from a hold, in order. Answers for each amount whether the hold paid it, exactly as if each had been drawn
-- alone. A hold that is over, or whose wallet is frozen, pays nothing: SP012 and SP011. Who draws says so in the
-- transaction that stores what it is for: that is what makes a repeat impossible.
CREATE FUNCTION ledger.draw(p_hold uuid, p_amounts bigint[], p_at timestamptz) RETURNS boolean[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, ledger
AS $$
DECLARE
    found_hold ledger.hold;
    amount bigint;
    remaining bigint;
    paid boolean[] := '{}';
BEGIN
    IF 0 > ANY (p_amounts) OR array_position(p_amounts, NULL) IS NOT NULL THEN
        RAISE EXCEPTION 'draw: an amount is negative or null' USING ERRCODE = 'numeric_value_out_of_range';
    END IF;
    SELECT * INTO found_hold FROM ledger.hold h WHERE h.id = p_hold FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such hold' USING ERRCODE = 'foreign_key_violation';
    ELSIF found_hold.state <> 'open' OR found_hold.expires_at <= p_at THEN
        RAISE EXCEPTION 'the hold is over' USING ERRCODE = 'SP012';
    END IF;
    PERFORM 1 FROM ledger.account a WHERE a.id = found_hold.wallet_id AND a.frozen;
    IF FOUND THEN
        RAISE EXCEPTION 'the wallet is frozen' USING ERRCODE = 'SP011';
    END IF;
    remaining := found_hold.amount - found_hold.used;
    FOREACH amount IN ARRAY p_amounts LOOP
        paid := paid || (amount <= remaining);
        IF amount <= remaining THEN
            remaining := remaining - amount;
        END IF;
    END LOOP;
    UPDATE ledger.hold h SET used = h.amount - remaining WHERE h.id = p_hold AND h.used <> h.amount - remaining;
    RETURN paid;
END
$$;

-- End a hold that the caller has locked: one transfer for all that was drawn, and the rest is free again.
CREATE FUNCTION ledger.end_hold(p_hold ledger.hold, p_state text, p_at timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, ledger
AS $$
DECLARE
    wallet ledger.account;
BEGIN
    UPDATE ledger.hold h SET state = p_state, ended_at = p_at WHERE h.id = p_hold.id;
    UPDATE ledger.account a SET held = a.held - p_hold.amount, posted = a.posted - p_hold.used,
        seq = a.seq + CASE WHEN p_hold.used > 0 THEN 1 ELSE 0 END
    WHERE a.id = p_hold.wallet_id RETURNING a.* INTO wallet;
    IF p_hold.used > 0 THEN
        INSERT INTO ledger.transfer (id, kind, debit_id, credit_id, currency, amount, workspace_id, wallet_id,
                                     wallet_seq, wallet_after, at)
        VALUES (p_hold.id, 'drawn', wallet.id, wallet.revenue_id, wallet.currency, p_hold.used, wallet.workspace_id,
                wallet.id, wallet.seq, wallet.posted, p_at);
    END IF;
    RETURN p_hold.amount - p_hold.used;
END
$$;

-- Post what was drawn and free the rest; answers how much was freed. A hold that has ended frees nothing again.
CREATE FUNCTION ledger.close_hold(p_id uuid, p_at timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, ledger
AS $$
DECLARE
    found_hold ledger.hold;
BEGIN
    SELECT * INTO found_hold FROM ledger.hold h WHERE h.id = p_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such hold' USING ERRCODE = 'foreign_key_violation';
    ELSIF found_hold.state <> 'open' THEN
        RETURN 0;
    END IF;
    RETURN ledger.end_hold(found_hold, 'closed', p_at);
END
$$;

-- End holds whose time is over, as closing would; answers how many. In the order of their wallets, as everybody who
-- locks several.
CREATE FUNCTION ledger.expire_holds(p_at timestamptz, p_limit integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, ledger
AS $$
DECLARE
    over ledger.hold[];
    one ledger.hold;
BEGIN
    SELECT array_agg(h ORDER BY h.wallet_id) INTO over
    FROM (SELECT * FROM ledger.hold h WHERE h.state = 'open' AND h.expires_at <= p_at
          ORDER BY h.expires_at LIMIT p_limit FOR NO KEY UPDATE SKIP LOCKED) AS h;
    FOREACH one IN ARRAY coalesce(over, '{}') LOOP
        PERFORM ledger.end_hold(one, 'expired', p_at);
    END LOOP;
    RETURN coalesce(cardinality(over), 0);
END
$$;

-- Delete holds that ended before the books of their time were dropped; answers how many went.
CREATE FUNCTION ledger.drop_holds(p_at timestamptz) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, ledger
AS $$
    WITH gone AS (
        DELETE FROM ledger.hold WHERE ended_at < least(p_at, clock_timestamp()) - interval '7 years' RETURNING 1
    ) SELECT count(*)::integer FROM gone
$$;

REVOKE ALL ON FUNCTION ledger.take_hold, ledger.draw, ledger.end_hold, ledger.close_hold, ledger.expire_holds,
    ledger.drop_holds FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.take_hold, ledger.draw, ledger.close_hold, ledger.expire_holds, ledger.drop_holds
    TO sp_system;
RESET ROLE;
REVOKE CREATE ON SCHEMA ledger FROM sp_definer;
