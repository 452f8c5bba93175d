import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

PURGE = """
DROP FUNCTION access.purge_support(timestamptz, integer);

-- Delete threads resolved before p_before that no hold keeps, with their entries; how many.
CREATE FUNCTION access.purge_support(p_before timestamptz, p_limit integer) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    WITH gone AS (
        DELETE FROM accounts_support_thread WHERE id IN (
            SELECT t.id FROM accounts_support_thread t
            WHERE t.resolved_at < p_before AND NOT privacy.holds('support threads', t.workspace_id, NULL)
            ORDER BY t.resolved_at LIMIT p_limit)
        RETURNING 1
    ) SELECT count(*)::integer FROM gone
$$;
REVOKE ALL ON FUNCTION access.purge_support(timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION access.purge_support(timestamptz, integer) TO sp_system;
ALTER FUNCTION access.purge_support(timestamptz, integer) OWNER TO sp_definer;
"""


class Migration(migrations.Migration):
    """Support threads that a hold keeps: beyond their time, and beyond the person who wrote them."""

    dependencies = [
        ("accounts", "0083_staff_second"),
        ("privacy", "0030_holds"),
    ]

    operations = [
        migrations.AlterField(
            model_name="supportentry",
            name="user",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="supportthread",
            name="user",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="support_threads",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.RunSQL(PURGE, reverse_sql=migrations.RunSQL.noop),
    ]
