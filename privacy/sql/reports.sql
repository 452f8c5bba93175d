-- The chain of reports on the promises is evidence: rows are added at its end, and nothing else.
CREATE FUNCTION privacy.refuse_rewriting() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
BEGIN
    RAISE EXCEPTION 'reports are append-only: % of % refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'SP010';
END
$$;
REVOKE ALL ON FUNCTION privacy.refuse_rewriting() FROM PUBLIC;
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON privacy_report_seal
    FOR EACH ROW EXECUTE FUNCTION privacy.refuse_rewriting();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON privacy_report_seal
    FOR EACH STATEMENT EXECUTE FUNCTION privacy.refuse_rewriting();
CREATE TRIGGER refuse_change BEFORE UPDATE ON privacy_promise_report
    FOR EACH ROW EXECUTE FUNCTION privacy.refuse_rewriting();
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON privacy_attestation
    FOR EACH ROW EXECUTE FUNCTION privacy.refuse_rewriting();
