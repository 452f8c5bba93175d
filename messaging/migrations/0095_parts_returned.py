from pathlib import Path

from django.db import migrations, models

from smsplatform.lib.tenancy.operations import Grant

SQL = Path(__file__).parent.parent / "sql"


def _function(file: str, name: str) -> str:
    """The statement that makes one function of a file."""
    text = (SQL / f"{file}.sql").read_text()
    begin = text.index(f"CREATE FUNCTION pipeline.{name}(")
    return text[begin : text.index("$$;\n", text.index("AS $$", begin)) + 4]


def _again(file: str, name: str) -> str:
    return _function(file, name).replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1)


FUNCTIONS = "\n".join(
    [
        "SET LOCAL ROLE sp_definer;",
        *(
            _again(*where)
            for where in (
                ("accept", "accept"),
                ("finish", "finish"),
                ("traffic", "roll_up"),
                ("give_back", "give_back"),
            )
        ),
        "DROP FUNCTION pipeline.claim_deliveries;",
        _function("deliver", "claim_deliveries"),
        "REVOKE ALL ON FUNCTION pipeline.claim_deliveries FROM PUBLIC;",
        "GRANT EXECUTE ON FUNCTION pipeline.claim_deliveries TO sp_system;",
        "RESET ROLE;",
    ]
)


class Migration(migrations.Migration):
    """Money goes back part by part, a key's money for the day is counted with the charge, and what is not kept too."""

    dependencies = [("messaging", "0094_staff_exports"), ("billing", "0004_holds")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL("ALTER TABLE messaging_message ADD COLUMN returned bigint")],
            state_operations=[migrations.AddField("message", "returned", models.BigIntegerField(null=True))],
        ),
        migrations.RunSQL(FUNCTIONS),
        migrations.CreateModel(
            name="UnheardDay",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "day", "carrier_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("day", models.DateField()),
                ("carrier_id", models.UUIDField()),
                ("texts", models.BigIntegerField()),
            ],
            options={"db_table": "messaging_unheard_day"},
        ),
        Grant("UnheardDay", rights={"definer": "select, insert, update", "system": "select"}),
        migrations.RunSQL((SQL / "unheard.sql").read_text(), reverse_sql="DROP FUNCTION pipeline.count_unheard"),
    ]
