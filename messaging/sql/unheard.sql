-- Count texts from phones that were acknowledged and not kept.
CREATE FUNCTION pipeline.count_unheard(p_carrier uuid, p_day date, p_texts bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    INSERT INTO messaging_unheard_day AS u (day, carrier_id, texts) VALUES (p_day, p_carrier, p_texts)
    ON CONFLICT (day, carrier_id) DO UPDATE SET texts = u.texts + excluded.texts
$$;
REVOKE ALL ON FUNCTION pipeline.count_unheard FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pipeline.count_unheard TO sp_system;
ALTER FUNCTION pipeline.count_unheard OWNER TO sp_definer;
