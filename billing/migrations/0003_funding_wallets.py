from django.db import migrations, models

import privacy.ciphers
from billing import sql
from smsplatform.lib.tenancy.operations import Isolate


class Migration(migrations.Migration):
    """The wallets that deposits came from."""

    dependencies = [
        ("billing", "0002_prices"),
    ]

    operations = [
        migrations.CreateModel(
            name="FundingWallet",
            fields=[
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("workspace_id", models.UUIDField()),
                ("address", privacy.ciphers.EncryptedField(purpose="account", workspace=None)),
                ("address_idx", models.BinaryField(max_length=16)),
                ("at", models.DateTimeField()),
            ],
            options={
                "db_table": "billing_funding_wallet",
                "indexes": [
                    models.Index(models.F("address_idx"), name="funding_wallet_address"),
                    models.Index(models.F("workspace_id"), name="funding_wallet_workspace"),
                    models.Index(models.F("at"), name="funding_wallet_at"),
                ],
            },
        ),
        Isolate("FundingWallet", rights={"app": "select", "system": "select, insert, delete"}),
        migrations.RunSQL(sql.read("funding"), reverse_sql="DROP FUNCTION ledger.funded_by"),
    ]
