-- An export at a level of staff exists only where a second person agreed to exactly that; and it stays at its level.
CREATE FUNCTION pipeline.guard_staff_export() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public
AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF (NEW.level, NEW.proposal_id, NEW.kind) IS DISTINCT FROM (OLD.level, OLD.proposal_id, OLD.kind) THEN
            RAISE EXCEPTION 'an export stays what was agreed to' USING ERRCODE = 'SP030';
        END IF;
    ELSIF (NEW.level > 0 OR NEW.proposal_id IS NOT NULL OR NEW.kind <> 'messages') AND NOT EXISTS (
        SELECT 1 FROM accounts_staff_proposal p
        WHERE p.id = NEW.proposal_id AND p.workspace_id = NEW.workspace_id AND p.kind = 'export' AND p.agreed
          AND p.level = NEW.level AND NEW.kind = (ARRAY['masked', 'messages', 'content'])[p.level])
    THEN
        RAISE EXCEPTION 'nobody agreed to this export' USING ERRCODE = 'SP030';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER guard_staff_export BEFORE INSERT OR UPDATE OF level, proposal_id, kind ON messaging_export
    FOR EACH ROW EXECUTE FUNCTION pipeline.guard_staff_export();
REVOKE ALL ON FUNCTION pipeline.guard_staff_export() FROM PUBLIC;

-- Staff read files made for them under a grant of the file's level, and never those of the workspace's own people.
CREATE POLICY sp_staff ON messaging_export FOR SELECT TO sp_staff
    USING (workspace_id = (SELECT tenancy.granted(1)));
CREATE POLICY sp_staff_own ON messaging_export AS RESTRICTIVE FOR SELECT TO sp_staff USING (level > 0);
GRANT SELECT ON messaging_export TO sp_staff;
CREATE POLICY sp_staff ON messaging_export_piece FOR SELECT TO sp_staff
    USING (workspace_id = (SELECT tenancy.granted(1)));
CREATE POLICY sp_staff_own ON messaging_export_piece AS RESTRICTIVE FOR SELECT TO sp_staff USING (
    CASE WHEN workspace_id <> (SELECT tenancy.granted(1)) THEN false
         WHEN level = 1 THEN true
         WHEN level = 2 THEN workspace_id = (SELECT tenancy.granted(2))
         WHEN level = 3 THEN workspace_id = (SELECT tenancy.granted(3))
         ELSE false END);
GRANT SELECT ON messaging_export_piece TO sp_staff;
