-- Evidence cannot be changed. Grants already keep UPDATE and DELETE from every role that logs in at run time; this
-- refuses them to the owner as well, so that a migration or a console cannot do quietly what the web role may not.
CREATE SCHEMA privacy;
GRANT USAGE ON SCHEMA privacy TO sp_system, sp_definer;
GRANT CREATE ON SCHEMA privacy TO sp_definer;

-- How long an event is kept. The guard below and the purge both ask here.
CREATE FUNCTION privacy.audit_kept() RETURNS interval
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog
AS $$ SELECT interval '90 days' $$;

CREATE FUNCTION privacy.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
BEGIN
    -- The purge alone deletes, and only what outlived its retention. A guard reads the server's own clock.
    IF TG_OP = 'DELETE' AND current_user = 'sp_definer' AND OLD.at < clock_timestamp() - privacy.audit_kept() THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'evidence is append-only: % of % refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'SP010';
END
$$;

CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON privacy_audit_event
    FOR EACH ROW EXECUTE FUNCTION privacy.refuse_change();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON privacy_audit_event
    FOR EACH STATEMENT EXECUTE FUNCTION privacy.refuse_change();

-- Delete up to p_limit events from before p_before; how many. Ids are UUIDv7, so the primary key is the calendar.
CREATE FUNCTION privacy.purge_audit(p_before timestamptz, p_limit integer) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    WITH gone AS (
        DELETE FROM privacy_audit_event e USING (
            SELECT id FROM privacy_audit_event
            WHERE at < least(p_before, clock_timestamp() - privacy.audit_kept())
            ORDER BY id LIMIT p_limit) AS old
        WHERE e.id = old.id RETURNING 1
    ) SELECT count(*)::integer FROM gone
$$;

REVOKE ALL ON FUNCTION privacy.audit_kept(), privacy.refuse_change(), privacy.purge_audit(timestamptz, integer)
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION privacy.audit_kept() TO sp_definer;
GRANT DELETE ON privacy_audit_event TO sp_definer;
GRANT EXECUTE ON FUNCTION privacy.purge_audit(timestamptz, integer) TO sp_system;
ALTER FUNCTION privacy.purge_audit(timestamptz, integer) OWNER TO sp_definer;
REVOKE CREATE ON SCHEMA privacy FROM sp_definer;
