-- Who may call what. Functions of the pipeline belong to sp_definer, which cannot log in. Rights are given while they
-- still belong to the migrating owner, who has none over them afterwards.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA pipeline FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pipeline.floor, pipeline.uuid7 TO sp_app, sp_system, sp_definer;
GRANT EXECUTE ON FUNCTION pipeline.ensure_partitions, pipeline.drop_partitions TO sp_system;
GRANT EXECUTE ON FUNCTION pipeline.accept, pipeline.cancel, pipeline.redact, pipeline.erase, pipeline.replay_deliveries,
    pipeline.test_event TO sp_app;
GRANT EXECUTE ON FUNCTION pipeline.claim, pipeline.due_carriers, pipeline.record_results, pipeline.reclaim,
    pipeline.record_receipts, pipeline.match_orphans, pipeline.expire, pipeline.hold_binds, pipeline.bound_carriers,
    pipeline.drop_binds, pipeline.claim_deliveries,
    pipeline.record_deliveries, pipeline.reclaim_deliveries, pipeline.deliveries_due, pipeline.disable_endpoint TO sp_system;
DO $$
DECLARE
    routine regprocedure;
BEGIN
    FOR routine IN
        SELECT p.oid::regprocedure FROM pg_proc p
        WHERE p.pronamespace = 'pipeline'::regnamespace
          AND p.proname NOT IN ('ensure_partitions', 'drop_partitions', 'floor', 'uuid7')
    LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO sp_definer', routine);
    END LOOP;
END
$$;
