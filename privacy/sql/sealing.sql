-- What happens in no workspace is written through here, whichever scope is open: appending is all it can do.
GRANT CREATE ON SCHEMA privacy TO sp_definer;
GRANT USAGE ON SCHEMA privacy TO sp_app, sp_staff, sp_audit;

CREATE FUNCTION privacy.append_platform(
    p_id uuid, p_actor uuid, p_action text, p_details jsonb, p_at timestamptz, p_withheld_until timestamptz,
    p_salt bytea, p_mac bytea
) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    INSERT INTO privacy_audit_event (id, workspace_id, actor_id, action, details, at, withheld_until, salt, mac)
    VALUES (p_id, '00000000-0000-0000-0000-000000000000', p_actor, p_action, p_details, p_at, p_withheld_until,
            p_salt, p_mac)
$$;
REVOKE ALL ON FUNCTION privacy.append_platform(uuid, uuid, text, jsonb, timestamptz, timestamptz, bytea, bytea)
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION privacy.append_platform(uuid, uuid, text, jsonb, timestamptz, timestamptz, bytea, bytea)
    TO sp_app, sp_system, sp_staff;
ALTER FUNCTION privacy.append_platform(uuid, uuid, text, jsonb, timestamptz, timestamptz, bytea, bytea)
    OWNER TO sp_definer;

-- Auditors read.
REVOKE INSERT ON privacy_audit_event FROM sp_audit;

-- Seals live as long as the events they seal; segments and reviews stay.
CREATE FUNCTION privacy.refuse_always() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
BEGIN
    RAISE EXCEPTION 'evidence is append-only: % of % refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'SP010';
END
$$;
REVOKE ALL ON FUNCTION privacy.refuse_always() FROM PUBLIC;

CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON privacy_audit_seal
    FOR EACH ROW EXECUTE FUNCTION privacy.refuse_change();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON privacy_audit_seal
    FOR EACH STATEMENT EXECUTE FUNCTION privacy.refuse_change();
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON privacy_audit_segment
    FOR EACH ROW EXECUTE FUNCTION privacy.refuse_always();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON privacy_audit_segment
    FOR EACH STATEMENT EXECUTE FUNCTION privacy.refuse_always();
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON privacy_audit_review
    FOR EACH ROW EXECUTE FUNCTION privacy.refuse_always();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON privacy_audit_review
    FOR EACH STATEMENT EXECUTE FUNCTION privacy.refuse_always();

-- Delete seals of closed days whose events have all outlived their retention; how many.
CREATE FUNCTION privacy.purge_seals(p_before timestamptz, p_limit integer) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    WITH gone AS (
        DELETE FROM privacy_audit_seal s USING (
            SELECT number FROM privacy_audit_seal
            WHERE at < least(p_before, clock_timestamp() - privacy.audit_kept()) - interval '1 day'
              AND number <= (SELECT max(last_seal) FROM privacy_audit_segment)
            ORDER BY number LIMIT p_limit) AS old
        WHERE s.number = old.number RETURNING 1
    ) SELECT count(*)::integer FROM gone
$$;
REVOKE ALL ON FUNCTION privacy.purge_seals(timestamptz, integer) FROM PUBLIC;
GRANT SELECT, DELETE ON privacy_audit_seal TO sp_definer;
GRANT SELECT ON privacy_audit_segment TO sp_definer;
GRANT EXECUTE ON FUNCTION privacy.purge_seals(timestamptz, integer) TO sp_system;
ALTER FUNCTION privacy.purge_seals(timestamptz, integer) OWNER TO sp_definer;
REVOKE CREATE ON SCHEMA privacy FROM sp_definer;
