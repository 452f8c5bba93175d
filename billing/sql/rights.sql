-- Who may see and call what. The tables belong to sp_owner; the writing functions to sp_definer, which cannot log in.
GRANT SELECT, INSERT, UPDATE (posted, held, seq, frozen, credit_limit) ON ledger.account TO sp_definer;
GRANT SELECT, INSERT ON ledger.transfer TO sp_definer;
GRANT SELECT ON ledger.account, ledger.transfer TO sp_app, sp_system;

DO $$
DECLARE
    name text;
    routine regprocedure;
BEGIN
    FOREACH name IN ARRAY ARRAY['account', 'transfer'] LOOP
        EXECUTE format('ALTER TABLE ledger.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE ledger.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY sp_app ON ledger.%I FOR SELECT TO sp_app '
            'USING (workspace_id = (SELECT tenancy.workspace()))', name);
        EXECUTE format('CREATE POLICY sp_definer ON ledger.%I TO sp_definer USING (true) WITH CHECK (true)', name);
        EXECUTE format('CREATE POLICY sp_system ON ledger.%I FOR SELECT TO sp_system USING (true)', name);
    END LOOP;
    GRANT CREATE ON SCHEMA ledger TO sp_definer;  -- to take functions over; taken back below
    FOR routine IN SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = 'ledger'::regnamespace LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', routine);
        IF routine::text !~ '^ledger\.(ensure_partitions|drop_partitions|refuse_change|check_transfers|floor)\(' THEN
            EXECUTE format('ALTER FUNCTION %s OWNER TO sp_definer', routine);
        END IF;
    END LOOP;
    REVOKE CREATE ON SCHEMA ledger FROM sp_definer;
END
$$;
-- Granted by their new owner: sp_owner may become it, and inherits none of its rights.
SET LOCAL ROLE sp_definer;
GRANT EXECUTE ON FUNCTION ledger.open_account, ledger.account_id TO sp_app, sp_system, sp_owner;
GRANT EXECUTE ON FUNCTION ledger.charge_many, ledger.refund_many TO sp_system;
GRANT EXECUTE ON FUNCTION ledger.top_up, ledger.adjust, ledger.freeze TO sp_system, sp_owner;
RESET ROLE;
GRANT EXECUTE ON FUNCTION ledger.ensure_partitions, ledger.drop_partitions, ledger.floor TO sp_system;
