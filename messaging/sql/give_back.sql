-- Give the price of a finished message back, once, and say so on the message; how many micro-units, 0 when there is
-- nothing to give back, or some of it was returned already. The message and the ledger change together or not at all.
CREATE FUNCTION pipeline.give_back(p_workspace uuid, p_message uuid, p_at timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline
AS $$
DECLARE
    given bigint;
BEGIN
    UPDATE messaging_message SET refunded = true
    WHERE id = p_message AND workspace_id = p_workspace AND final_at IS NOT NULL AND NOT refunded AND returned IS NULL
      AND price > 0
    RETURNING price INTO given;
    IF given IS NULL OR ledger.refund_many(ARRAY[p_message], p_at) = 0 THEN
        RETURN 0;
    END IF;
    RETURN given;
END
$$;
REVOKE ALL ON FUNCTION pipeline.give_back(uuid, uuid, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pipeline.give_back(uuid, uuid, timestamptz) TO sp_system;
ALTER FUNCTION pipeline.give_back(uuid, uuid, timestamptz) OWNER TO sp_definer;
