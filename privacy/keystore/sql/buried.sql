-- No key is made for a workspace whose keys were destroyed, whoever asks for it: what was shredded stays shredded. The
-- lock is that of keyring.destroy_workspace, so that no key slips in between the mark and the end of the others. On in
-- every session, also in one that restores rows.
CREATE FUNCTION keystore_refuse_buried() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public
AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtextextended(NEW.workspace_id::text, 0));
    IF EXISTS (SELECT 1 FROM keystore_tombstone t
               WHERE t.row_id = NEW.workspace_id AND t.model = 'accounts.Workspace' AND t.action = 'shred') THEN
        RAISE EXCEPTION 'the keys of this workspace were destroyed' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER refuse_buried BEFORE INSERT OR UPDATE OF workspace_id ON keystore_key
    FOR EACH ROW EXECUTE FUNCTION keystore_refuse_buried();
ALTER TABLE keystore_key ENABLE ALWAYS TRIGGER refuse_buried;
