import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    """Keys may read and decide requests about data."""

    dependencies = [
        ("accounts", "0050_erasing"),
    ]

    operations = [
        migrations.AlterField(
            model_name="apikey",
            name="scopes",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(
                    choices=[
                        ("messages:send", "Send and cancel messages"),
                        ("messages:read", "Read messages"),
                        ("messages:erase", "Redact and erase messages"),
                        ("webhooks:read", "Read webhook endpoints and deliveries"),
                        ("webhooks:write", "Manage webhook endpoints"),
                        ("billing:read", "Read balance and ledger"),
                        ("privacy:read", "Read requests of people about their data"),
                        ("privacy:write", "Decide requests of people about their data"),
                    ],
                    max_length=24,
                ),
                default=list,
                size=None,
            ),
        ),
    ]
