from pathlib import Path

from django.db import migrations

from smsplatform.lib.tenancy.operations import Grant, Isolate

ACCESS = (Path(__file__).parent.parent / "sql" / "access.sql").read_text()


class Migration(migrations.Migration):
    """Who may read what of accounts, and the questions asked before a workspace is known."""

    dependencies = [("accounts", "0001_initial")]
    operations = [
        Grant("User", rights={"app": "select, insert, update", "system": "select"}),
        Isolate(
            "Workspace",
            column="id",
            rights={"app": "select, insert, update", "definer": "select", "system": "select"},
        ),
        Isolate(
            "Membership",
            rights={"app": "select, insert, update, delete", "definer": "select", "system": "select"},
        ),
        Isolate("ApiKey", rights={"app": "select, insert, update", "definer": "select, update"}),
        migrations.RunSQL(ACCESS, reverse_sql="DROP SCHEMA access CASCADE"),
    ]
