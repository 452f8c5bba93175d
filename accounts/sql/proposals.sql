-- What no statement may do to a proposal of staff, whoever sends it: make it about something else, or decide it again.
CREATE FUNCTION access.guard_proposal() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public
AS $$
BEGIN
    IF (NEW.id, NEW.workspace_id, NEW.kind, NEW.grant_id, NEW.asked_by, NEW.category, NEW.ticket, NEW.level, NEW.subject,
        NEW.amount, NEW.currency, NEW.chosen, NEW.created_at)
       IS DISTINCT FROM
       (OLD.id, OLD.workspace_id, OLD.kind, OLD.grant_id, OLD.asked_by, OLD.category, OLD.ticket, OLD.level, OLD.subject,
        OLD.amount, OLD.currency, OLD.chosen, OLD.created_at)
    THEN
        RAISE EXCEPTION 'a proposal stays what was asked for' USING ERRCODE = 'SP030';
    END IF;
    IF OLD.decided_at IS NOT NULL
       AND (NEW.decided_by, NEW.decided_at, NEW.agreed) IS DISTINCT FROM (OLD.decided_by, OLD.decided_at, OLD.agreed)
    THEN
        RAISE EXCEPTION 'a proposal is decided once' USING ERRCODE = 'SP030';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER guard_proposal BEFORE UPDATE ON accounts_staff_proposal
    FOR EACH ROW EXECUTE FUNCTION access.guard_proposal();
-- Nobody asks and agrees in one statement.
CREATE FUNCTION access.guard_new_proposal() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public
AS $$
BEGIN
    IF NEW.decided_at IS NOT NULL THEN
        RAISE EXCEPTION 'a proposal is asked before it is decided' USING ERRCODE = 'SP030';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER guard_new_proposal BEFORE INSERT ON accounts_staff_proposal
    FOR EACH ROW EXECUTE FUNCTION access.guard_new_proposal();

-- Delete proposals made before p_before; how many.
CREATE FUNCTION access.purge_proposals(p_before timestamptz, p_limit integer) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    WITH gone AS (
        DELETE FROM accounts_staff_proposal WHERE id IN (
            SELECT p.id FROM accounts_staff_proposal p WHERE p.created_at < p_before ORDER BY p.id LIMIT p_limit)
        RETURNING 1
    ) SELECT count(*)::integer FROM gone
$$;

REVOKE ALL ON FUNCTION access.guard_proposal(), access.guard_new_proposal(),
    access.purge_proposals(timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION access.purge_proposals(timestamptz, integer) TO sp_system;
ALTER FUNCTION access.purge_proposals(timestamptz, integer) OWNER TO sp_definer;
