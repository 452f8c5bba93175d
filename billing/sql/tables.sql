-- The ledger. One transfer is one row: a debit account, a credit account and an amount above zero, so debits equal
-- credits by construction. Nobody but the functions in post.sql writes here. docs/adr/0020 tells why.
CREATE SCHEMA ledger;
GRANT USAGE ON SCHEMA ledger TO sp_app, sp_system, sp_definer, sp_staff, sp_audit;

-- Money is bigint micro-units (1e-6 of the currency). A wallet carries its balance and a floor; a house account
-- (no workspace) is never locked or updated: its balance is the sum of its transfers.
CREATE TABLE ledger.account (
    id uuid PRIMARY KEY,
    workspace_id uuid,
    kind text NOT NULL CHECK (kind IN ('wallet', 'test_wallet', 'revenue', 'test_revenue', 'card', 'crypto', 'manual',
                                       'promo', 'test_funds', 'adjustments')),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    revenue_id uuid REFERENCES ledger.account,  -- the house account that charges of this wallet go to
    posted bigint NOT NULL DEFAULT 0,
    held bigint NOT NULL DEFAULT 0,
    credit_limit bigint NOT NULL DEFAULT 0 CHECK (credit_limit >= 0),
    seq bigint NOT NULL DEFAULT 0,              -- transfers of this wallet so far
    frozen boolean NOT NULL DEFAULT false,      -- refuses debits; credits still arrive
    UNIQUE NULLS NOT DISTINCT (workspace_id, kind, currency),
    CONSTRAINT account_kind CHECK ((kind IN ('wallet', 'test_wallet')) = (workspace_id IS NOT NULL)),
    CONSTRAINT account_revenue CHECK ((revenue_id IS NOT NULL) = (workspace_id IS NOT NULL)),
    CONSTRAINT account_held CHECK (held >= 0),
    CONSTRAINT account_floor CHECK (workspace_id IS NULL OR posted - held >= -credit_limit),
    CONSTRAINT account_house CHECK (workspace_id IS NOT NULL OR (posted = 0 AND held = 0 AND seq = 0))
) WITH (fillfactor = 40, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);

-- `wallet_id` is the workspace's side, `wallet_seq` its running number and `wallet_after` its balance after this row.
-- A refund has the id of what it refunds and names its kind in `reverses`: the primary key lets it happen once.
CREATE TABLE ledger.transfer (
    id uuid NOT NULL,
    at timestamptz NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    wallet_seq bigint NOT NULL CHECK (wallet_seq > 0),
    wallet_after bigint NOT NULL,
    workspace_id uuid NOT NULL,
    wallet_id uuid NOT NULL,
    debit_id uuid NOT NULL,
    credit_id uuid NOT NULL,
    actor_id uuid,
    kind text NOT NULL CHECK (kind IN ('charge', 'refund', 'top_up', 'adjustment')),
    currency text NOT NULL,
    reverses text,
    reason text CHECK (reason ~ '^[a-z0-9_]{1,40}$'),
    PRIMARY KEY (id, kind),
    CONSTRAINT transfer_sides CHECK (debit_id <> credit_id AND wallet_id IN (debit_id, credit_id)),
    CONSTRAINT transfer_reverses CHECK ((kind = 'refund') = (reverses IS NOT NULL))
) PARTITION BY RANGE (id);
CREATE INDEX transfer_statement ON ledger.transfer (wallet_id, wallet_seq);

-- What foreign keys on (account, currency) would say, once per statement instead of twice per row: a foreign key
-- locks the house account's row for each charge, and cost three quarters of the throughput. As strict, because
-- accounts are never deleted and never change currency. A refund must mirror the charge of its id.
CREATE FUNCTION ledger.check_transfers() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, ledger
SET enable_seqscan = off SET enable_nestloop = on SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    PERFORM 1 FROM (SELECT DISTINCT debit_id, credit_id, wallet_id, workspace_id, currency FROM added) AS t
    LEFT JOIN ledger.account d ON d.id = t.debit_id AND d.currency = t.currency
    LEFT JOIN ledger.account c ON c.id = t.credit_id AND c.currency = t.currency
    WHERE d.id IS NULL OR c.id IS NULL
       OR t.workspace_id IS DISTINCT FROM CASE t.wallet_id WHEN d.id THEN d.workspace_id ELSE c.workspace_id END;
    IF FOUND THEN
        RAISE EXCEPTION 'transfer between accounts that do not exist in its currency'
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    PERFORM 1 FROM added WHERE kind = 'refund';
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    PERFORM 1 FROM added r WHERE r.kind = 'refund' AND NOT EXISTS (
        SELECT 1 FROM ledger.transfer c WHERE c.id = r.id AND c.kind = r.reverses AND c.currency = r.currency
        AND (c.debit_id, c.credit_id, c.amount) = (r.credit_id, r.debit_id, r.amount));
    IF FOUND THEN
        RAISE EXCEPTION 'refund that mirrors no charge' USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER check_transfers AFTER INSERT ON ledger.transfer REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.check_transfers();

CREATE FUNCTION ledger.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only: % of % refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'SP010';
END
$$;

CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON ledger.transfer
    FOR EACH ROW EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON ledger.transfer
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER refuse_change BEFORE DELETE OR UPDATE OF id, workspace_id, kind, currency, revenue_id ON ledger.account
    FOR EACH ROW EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON ledger.account
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

-- The smallest UUIDv7 of a moment: the bound of a month.
CREATE FUNCTION ledger.floor(p_at timestamptz) RETURNS uuid
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog
AS $$ SELECT (lpad(to_hex((extract(epoch FROM p_at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid $$;

-- Make the monthly partitions from the month of `p_from` on; answers how many were missing. Owned by sp_owner, so that
-- a scheduled task may run it without being the owner.
CREATE FUNCTION ledger.ensure_partitions(p_from date, p_months integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, ledger
AS $$
DECLARE
    first date := date_trunc('month', p_from)::date;
    starts date;
    name text;
    made integer := 0;
BEGIN
    FOR month IN 0 .. p_months - 1 LOOP
        starts := first + make_interval(months => month);
        name := 'transfer_' || to_char(starts, 'YYYYMM');
        CONTINUE WHEN to_regclass('ledger.' || name) IS NOT NULL;
        EXECUTE format('CREATE TABLE ledger.%I PARTITION OF ledger.transfer FOR VALUES FROM (%L) TO (%L)', name,
            ledger.floor(starts::timestamp AT TIME ZONE 'UTC'),
            ledger.floor((starts + interval '1 month') AT TIME ZONE 'UTC'));
        -- Row triggers are cloned from the parent, statement triggers are not.
        EXECUTE format('CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON ledger.%I '
            'FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change()', name);
        EXECUTE format('CREATE TRIGGER check_transfers AFTER INSERT ON ledger.%I REFERENCING NEW TABLE AS added '
            'FOR EACH STATEMENT EXECUTE FUNCTION ledger.check_transfers()', name);
        -- No rights and no policy: reachable through the parent only.
        EXECUTE format('ALTER TABLE ledger.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE ledger.%I FORCE ROW LEVEL SECURITY', name);
        made := made + 1;
    END LOOP;
    RETURN made;
END
$$;

-- Drop the months whose transfers are all older than seven years; answers how many went. The books of younger ones are
-- kept whatever `p_at` says.
CREATE FUNCTION ledger.drop_partitions(p_at timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, ledger
AS $$
DECLARE
    month record;
    gone integer := 0;
BEGIN
    FOR month IN
        SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'ledger.transfer'::regclass
          AND to_date(substring(c.relname FROM '[0-9]{6}$'), 'YYYYMM') + interval '1 month' + interval '7 years'
              < least(p_at, clock_timestamp()) AT TIME ZONE 'UTC'
    LOOP
        EXECUTE format('DROP TABLE ledger.%I', month.name);
        gone := gone + 1;
    END LOOP;
    RETURN gone;
END
$$;
