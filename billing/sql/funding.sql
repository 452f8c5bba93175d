-- The workspaces that the wallet with this index paid for; whoever asks knows the wallet, and the key of the index.
CREATE FUNCTION ledger.funded_by(p_address_idx bytea) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    SELECT DISTINCT workspace_id FROM billing_funding_wallet WHERE address_idx = p_address_idx
$$;

GRANT CREATE ON SCHEMA ledger TO sp_definer;
REVOKE ALL ON FUNCTION ledger.funded_by(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.funded_by(bytea) TO sp_app;
ALTER FUNCTION ledger.funded_by(bytea) OWNER TO sp_definer;
REVOKE CREATE ON SCHEMA ledger FROM sp_definer;
