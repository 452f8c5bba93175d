-- What was announced stands: only drafts can be deleted, and texts of anything else neither changed nor removed.
CREATE FUNCTION privacy.refuse_unless_draft() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    found text;
BEGIN
    IF TG_TABLE_NAME = 'privacy_document_version' THEN
        found := OLD.state;
    ELSE
        SELECT state INTO found FROM privacy_document_version WHERE id = OLD.version_id;
    END IF;
    IF found <> 'draft' THEN
        RAISE EXCEPTION 'an announced version cannot be changed' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER keep_announced BEFORE DELETE ON privacy_document_version
    FOR EACH ROW EXECUTE FUNCTION privacy.refuse_unless_draft();
CREATE TRIGGER keep_announced BEFORE UPDATE OR DELETE ON privacy_document_text
    FOR EACH ROW EXECUTE FUNCTION privacy.refuse_unless_draft();
