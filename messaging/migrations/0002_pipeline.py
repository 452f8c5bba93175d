from pathlib import Path

from django.db import migrations

from smsplatform.lib.tenancy.operations import Grant, Isolate

SQL = Path(__file__).parent.parent / "sql"
FILES = ("emit", "finish", "submit", "accept", "owner", "deliver", "rights")
ALL = "select, insert, update, delete"
# What the web role may only look at: these rows are written by functions that check what they write.
READ = {"app": "select", "definer": ALL}
OWN = {"app": ALL, "definer": "select"}


class Migration(migrations.Migration):
    """Partitioned traffic tables, row security on all of messaging, and the functions of the pipeline."""

    dependencies = [("messaging", "0001_initial"), ("accounts", "0002_isolation"), ("billing", "0001_ledger")]
    operations = [
        migrations.RunSQL((SQL / "tables.sql").read_text(), reverse_sql="DROP SCHEMA pipeline CASCADE"),
        Isolate("Message", rights=READ),
        Isolate("Body", rights=READ),
        Isolate("Attempt", rights=READ),
        Isolate("Outbox", rights=READ),
        Isolate("MessageEvent", rights=READ),
        Isolate("Delivery", rights=READ),
        Isolate("IdempotencyKey", rights=READ),
        Isolate("Sender", rights=OWN),
        Isolate("Template", rights=OWN),
        Isolate("Suppression", rights=OWN),
        Isolate("WebhookEndpoint", rights={"app": ALL, "definer": "select, update"}),
        Grant("Carrier", rights={"app": "select (id, name, country, sandbox, enabled)", "system": "select",
                                 "definer": "select, update"}),
        Grant("Route", rights={"app": "select", "system": "select"}),
        Grant("BindLease", rights={"app": "select", "system": "select", "definer": ALL}),
        Grant("OrphanReceipt", rights={"definer": ALL}),
        *[migrations.RunSQL((SQL / f"{name}.sql").read_text(), reverse_sql="") for name in FILES],
    ]  # fmt: skip
