-- Prices that were approved are what customers were told: they stay as they are.
CREATE FUNCTION billing_refuse_price_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public
AS $$
DECLARE
    frozen boolean;
BEGIN
    IF TG_TABLE_NAME = 'billing_price_version' THEN
        frozen := OLD.approved_at IS NOT NULL;
    ELSE
        -- The lock makes an item and the approval of its version wait for each other.
        SELECT bool_or(v.approved_at IS NOT NULL) INTO frozen FROM (
            SELECT approved_at FROM billing_price_version
            WHERE id IN (CASE WHEN TG_OP <> 'INSERT' THEN OLD.version_id END,
                         CASE WHEN TG_OP <> 'DELETE' THEN NEW.version_id END) FOR SHARE) AS v;
    END IF;
    IF frozen THEN
        RAISE EXCEPTION 'an approved price version does not change: % of % refused', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'SP010';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END
$$;
REVOKE ALL ON FUNCTION billing_refuse_price_change() FROM PUBLIC;
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON billing_price_version
    FOR EACH ROW EXECUTE FUNCTION billing_refuse_price_change();
CREATE TRIGGER refuse_change BEFORE INSERT OR UPDATE OR DELETE ON billing_price_item
    FOR EACH ROW EXECUTE FUNCTION billing_refuse_price_change();
