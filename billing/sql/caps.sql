-- Caps: how much may be spent in one day (of UTC), exactly, whatever else is down. The row is locked from the question
-- until the commit, so of two statements that want the last cent one waits and is refused. Lock order: cap, hold, wallet.
CREATE TABLE ledger.cap (
    subject_id uuid NOT NULL,
    day date NOT NULL,
    workspace_id uuid NOT NULL,
    scope text NOT NULL CHECK (scope IN ('key')),
    used bigint NOT NULL DEFAULT 0,
    amount_max bigint NOT NULL,    -- as it was when last spent from; never below what is used
    PRIMARY KEY (subject_id, day),
    CONSTRAINT cap_used CHECK (used >= 0 AND used <= amount_max)
) WITH (fillfactor = 40);
CREATE INDEX cap_day ON ledger.cap (day);
CREATE FUNCTION ledger.refuse_cap_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.used >= OLD.used
       AND (NEW.subject_id, NEW.day, NEW.workspace_id, NEW.scope) = (OLD.subject_id, OLD.day, OLD.workspace_id, OLD.scope)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'what was spent of a cap stays spent' USING ERRCODE = 'SP010';
END
$$;
REVOKE ALL ON FUNCTION ledger.refuse_cap_change() FROM PUBLIC;
CREATE TRIGGER refuse_change BEFORE UPDATE ON ledger.cap FOR EACH ROW EXECUTE FUNCTION ledger.refuse_cap_change();

ALTER TABLE ledger.cap ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger.cap FORCE ROW LEVEL SECURITY;
CREATE POLICY sp_app ON ledger.cap FOR SELECT TO sp_app USING (workspace_id = (SELECT tenancy.workspace()));
CREATE POLICY sp_definer ON ledger.cap TO sp_definer USING (true) WITH CHECK (true);
CREATE POLICY sp_system ON ledger.cap FOR SELECT TO sp_system USING (true);
GRANT SELECT ON ledger.cap TO sp_app, sp_system;
GRANT SELECT, INSERT, DELETE, UPDATE (used, amount_max) ON ledger.cap TO sp_definer;

GRANT CREATE ON SCHEMA ledger TO sp_definer;
SET LOCAL ROLE sp_definer;

-- Which of these amounts fit under the caps of their keys today, in order and skipping what does not fit. A null cap
-- is none. Locks the rows of the caps, in id order; the caller spends with `spend_caps` in the same transaction.
CREATE FUNCTION ledger.within_caps(
    p_keys uuid[], p_workspaces uuid[], p_caps bigint[], p_amounts bigint[], p_day date
) RETURNS boolean[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, ledger
SET enable_seqscan = off SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    item record;
    present uuid;
    remaining bigint;
    fits boolean[] := array_fill(true, ARRAY[cardinality(p_keys)]);
    keys uuid[];
    left_over bigint[];
BEGIN
    WITH asked AS (
        INSERT INTO ledger.cap AS c (subject_id, day, workspace_id, scope, amount_max)
        SELECT DISTINCT ON (k.id) k.id, p_day, k.workspace, 'key', k.cap
        FROM unnest(p_keys, p_workspaces, p_caps) AS k(id, workspace, cap) WHERE k.cap IS NOT NULL ORDER BY k.id
        ON CONFLICT (subject_id, day) DO UPDATE SET amount_max = greatest(excluded.amount_max, c.used)
        RETURNING c.subject_id, c.amount_max - c.used AS remaining
    ) SELECT array_agg(subject_id), array_agg(asked.remaining) INTO keys, left_over FROM asked;

    FOR item IN
        SELECT i.id, i.amount, i.ord::integer AS ord, l.remaining
        FROM unnest(p_keys, p_caps, p_amounts) WITH ORDINALITY AS i(id, cap, amount, ord)
        JOIN unnest(keys, left_over) AS l(id, remaining) ON l.id = i.id
        WHERE i.cap IS NOT NULL ORDER BY i.id, i.ord
    LOOP
        IF present IS DISTINCT FROM item.id THEN
            present := item.id;
            remaining := item.remaining;
        END IF;
        fits[item.ord] := item.amount <= remaining;
        IF item.amount <= remaining THEN
            remaining := remaining - item.amount;
        END IF;
    END LOOP;
    RETURN fits;
END
$$;

-- Count what was charged: beyond the cap raises check_violation.
CREATE FUNCTION ledger.spend_caps(p_keys uuid[], p_amounts bigint[], p_day date) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, ledger SET enable_seqscan = off
AS $$
    UPDATE ledger.cap c SET used = c.used + s.total
    FROM (SELECT i.id, sum(i.amount)::bigint AS total FROM unnest(p_keys, p_amounts) AS i(id, amount) GROUP BY i.id) AS s
    WHERE c.subject_id = s.id AND c.day = p_day AND c.subject_id = ANY (p_keys)
$$;

-- Delete the caps of days before `p_day`; answers how many went.
CREATE FUNCTION ledger.drop_caps(p_day date) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, ledger
AS $$
    WITH gone AS (DELETE FROM ledger.cap WHERE day < least(p_day, (clock_timestamp() AT TIME ZONE 'UTC')::date) RETURNING 1)
    SELECT count(*)::integer FROM gone
$$;

REVOKE ALL ON FUNCTION ledger.within_caps, ledger.spend_caps, ledger.drop_caps FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.drop_caps TO sp_system;
RESET ROLE;
REVOKE CREATE ON SCHEMA ledger FROM sp_definer;
