from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

import smsplatform.lib.ids
from smsplatform.lib.tenancy.operations import Grant, Isolate

SQL = Path(__file__).parent.parent / "sql"
ACCEPT = """
REVOKE ALL ON FUNCTION pipeline.accept, pipeline.remember FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pipeline.accept TO sp_app;
ALTER FUNCTION pipeline.accept OWNER TO sp_definer;
ALTER FUNCTION pipeline.remember OWNER TO sp_definer;
"""
# A hold on what a workspace sent keeps its keys as well: its erasure waits.
HELD = """
DROP FUNCTION access.closings_due(timestamptz);
CREATE FUNCTION access.closings_due(p_at timestamptz) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    SELECT w.id FROM accounts_workspace w
    WHERE w.erase_at <= p_at AND w.erased_at IS NULL AND NOT privacy.holds('delivery metadata', w.id, NULL)
    ORDER BY w.erase_at
$$;
REVOKE ALL ON FUNCTION access.closings_due(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION access.closings_due(timestamptz) TO sp_system;
ALTER FUNCTION access.closings_due(timestamptz) OWNER TO sp_definer;
"""
_deliver = (SQL / "deliver.sql").read_text()
_begin = _deliver.index("CREATE FUNCTION pipeline.claim_deliveries")
CLAIM = f"""
DROP FUNCTION pipeline.claim_deliveries;
{_deliver[_begin : _deliver.index("$$;", _begin)]}$$;
REVOKE ALL ON FUNCTION pipeline.claim_deliveries FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pipeline.claim_deliveries TO sp_system;
ALTER FUNCTION pipeline.claim_deliveries OWNER TO sp_definer;
"""


class Migration(migrations.Migration):
    """What a hold or window keeps, totals that outlive metadata, and texts that count from the final status."""

    dependencies = [
        ("accounts", "0030_tightened"),
        ("messaging", "0060_incident_events"),
        ("privacy", "0030_holds"),
    ]

    operations = [
        migrations.CreateModel(
            name="CorridorDay",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "day", "carrier_id", "country", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("day", models.DateField()),
                ("carrier_id", models.UUIDField()),
                ("country", models.CharField(max_length=2)),
                ("messages", models.BigIntegerField()),
                ("parts", models.BigIntegerField()),
                ("delivered", models.BigIntegerField()),
            ],
            options={
                "db_table": "messaging_corridor_day",
            },
        ),
        migrations.AddField(
            model_name="message",
            name="body_hours",
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.CreateModel(
            name="KeptBody",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=smsplatform.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("message_id", models.UUIDField()),
                ("text_ct", models.BinaryField()),
                (
                    "hold",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="privacy.hold"
                    ),
                ),
                (
                    "window",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="privacy.debugwindow",
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="accounts.workspace",
                    ),
                ),
            ],
            options={
                "db_table": "messaging_kept_body",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("hold__isnull", False), ("window", None)),
                            models.Q(("hold", None), ("window__isnull", False)),
                            _connector="OR",
                        ),
                        name="kept_for_hold_or_window",
                    ),
                    models.UniqueConstraint(fields=("message_id", "hold"), name="kept_once_by_hold"),
                    models.UniqueConstraint(fields=("message_id", "window"), name="kept_once_by_window"),
                ],
            },
        ),
        Isolate("KeptBody", rights={"system": "select, insert, delete"}),
        Grant("CorridorDay", rights={"definer": "select, insert, delete", "system": "select", "app": "select"}),
        migrations.RunSQL((SQL / "retention.sql").read_text(), reverse_sql=migrations.RunSQL.noop),
        migrations.RunSQL("DROP FUNCTION pipeline.accept, pipeline.remember", reverse_sql=migrations.RunSQL.noop),
        migrations.RunSQL((SQL / "accept.sql").read_text() + ACCEPT, reverse_sql=migrations.RunSQL.noop),
        migrations.RunSQL(HELD, reverse_sql=migrations.RunSQL.noop),
        migrations.RunSQL(CLAIM, reverse_sql=migrations.RunSQL.noop),
    ]
