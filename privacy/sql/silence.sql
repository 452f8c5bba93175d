-- Whether something that was withheld until p_until is still withheld from the open workspace: the day of a case can be
-- moved after events were sealed with it. Events name their case in p_disclosure; what names none follows every case of
-- the workspace that ended, or ends, on that day.
GRANT CREATE ON SCHEMA privacy TO sp_definer;
CREATE FUNCTION privacy.silent(p_until timestamptz, p_disclosure text, p_at timestamptz) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    SELECT coalesce(bool_or(d.bar_until > p_at), p_until > p_at) FROM privacy_disclosure d
    WHERE d.workspace_id = (SELECT tenancy.workspace()) AND d.bar_until IS NOT NULL
      AND (coalesce(p_disclosure, '') = '' OR d.id::text = p_disclosure)
      AND (d.bar_until = p_until OR EXISTS (
          SELECT 1 FROM privacy_disclosure_bar b
          WHERE b.disclosure_id = d.id AND b.agreed AND b.was_until = p_until))
$$;
REVOKE ALL ON FUNCTION privacy.silent(timestamptz, text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION privacy.silent(timestamptz, text, timestamptz) TO sp_app;
ALTER FUNCTION privacy.silent(timestamptz, text, timestamptz) OWNER TO sp_definer;
REVOKE CREATE ON SCHEMA privacy FROM sp_definer;

-- No silence grows but by a change that two people agreed to, and none after the holder was told.
CREATE FUNCTION privacy.refuse_longer() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public
AS $$
BEGIN
    IF OLD.noticed_at IS NOT NULL OR OLD.bar_until IS NULL OR NOT EXISTS (
        SELECT 1 FROM privacy_disclosure_bar b
        WHERE b.disclosure_id = OLD.id AND b.agreed AND b.was_until = OLD.bar_until AND b.until = NEW.bar_until)
    THEN
        RAISE EXCEPTION 'nobody agreed to a longer silence' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END
$$;
REVOKE ALL ON FUNCTION privacy.refuse_longer() FROM PUBLIC;
CREATE TRIGGER refuse_longer BEFORE UPDATE OF bar_until ON privacy_disclosure
    FOR EACH ROW WHEN (NEW.bar_until IS NOT NULL AND NEW.bar_until > coalesce(OLD.bar_until, '-infinity'))
    EXECUTE FUNCTION privacy.refuse_longer();
