from django.db import migrations

# Tables made from here on get the same from smsplatform.lib.tenancy.operations.isolate.
RIGHTS = """
DO $$
DECLARE
    name text;
BEGIN
    FOR name IN
        SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'workspace_id' AND NOT a.attisdropped
        WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition
          AND c.relname <> 'privacy_audit_event'
    LOOP
        EXECUTE format('GRANT SELECT, DELETE ON %I TO sp_definer', name);
        IF NOT EXISTS (SELECT 1 FROM pg_policy WHERE polrelid = name::regclass AND polname = 'sp_definer') THEN
            EXECUTE format('CREATE POLICY sp_definer ON %I TO sp_definer USING (true) WITH CHECK (true)', name);
        END IF;
    END LOOP;
END
$$
"""


class Migration(migrations.Migration):
    """The role of our functions, which cannot log in, may delete what a closed workspace leaves."""

    dependencies = [
        ("smsplatform", "0002_backlog"),
        ("accounts", "0009_closing"),
        ("billing", "0002_prices"),
        ("messaging", "0008_receipts_wanted"),
        ("privacy", "0003_retention"),
    ]
    operations = [migrations.RunSQL(RIGHTS, reverse_sql=migrations.RunSQL.noop)]
