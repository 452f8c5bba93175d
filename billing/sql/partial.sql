-- A refund may be less than its charge: of a long text, the parts that are not owed.
CREATE OR REPLACE FUNCTION ledger.check_transfers() RETURNS trigger
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
        AND (c.debit_id, c.credit_id) = (r.credit_id, r.debit_id) AND c.amount >= r.amount);
    IF FOUND THEN
        RAISE EXCEPTION 'refund that mirrors no charge' USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END
$$;

GRANT CREATE ON SCHEMA ledger TO sp_definer;
SET LOCAL ROLE sp_definer;
DROP FUNCTION ledger.refund_many(uuid[], timestamptz);

-- Give back charges, each once however often it is asked; answers how many were given back now. What was never
-- charged is passed over. Without `p_amounts`, or where its element is null, all of the charge is given back; more than
-- was charged raises foreign_key_violation. The wallets' locks come first, so that whoever waited sees the refund made
-- meanwhile.
CREATE FUNCTION ledger.refund_many(p_ids uuid[], p_at timestamptz, p_amounts bigint[] DEFAULT NULL) RETURNS integer
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
    IF cardinality(p_ids) <> cardinality(p_amounts) THEN
        RAISE EXCEPTION 'refund_many: arrays of different length' USING ERRCODE = 'array_subscript_error';
    ELSIF 0 >= ANY (p_amounts) THEN
        RAISE EXCEPTION 'refund_many: an amount is not above zero' USING ERRCODE = 'numeric_value_out_of_range';
    END IF;
    PERFORM 1 FROM ledger.account a WHERE a.id = ANY (wallets) ORDER BY a.id FOR NO KEY UPDATE;

    WITH wanted AS MATERIALIZED (
        SELECT w.id, max(w.amount) AS amount FROM unnest(p_ids, p_amounts) AS w(id, amount) GROUP BY w.id
    ), owed AS MATERIALIZED (
        SELECT t.id, t.workspace_id, t.wallet_id, t.debit_id, t.credit_id, t.currency,
               coalesce(w.amount, t.amount) AS amount
        FROM ledger.transfer t JOIN wanted w ON w.id = t.id
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
REVOKE ALL ON FUNCTION ledger.refund_many(uuid[], timestamptz, bigint[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.refund_many(uuid[], timestamptz, bigint[]) TO sp_system;
RESET ROLE;
REVOKE CREATE ON SCHEMA ledger FROM sp_definer;
