from django.db import migrations, models


class Migration(migrations.Migration):
    """People choose how they hear of requests about data."""

    dependencies = [("accounts", "0030_tightened")]

    operations = [
        migrations.AlterField(
            model_name="notificationchoice",
            name="category",
            field=models.CharField(
                choices=[
                    ("security", "Security of your account"),
                    ("billing", "Balance and payments"),
                    ("delivery", "Delivery problems"),
                    ("webhooks", "Webhook endpoints switched off"),
                    ("team", "People of the workspace"),
                    ("privacy", "Requests of people about their data"),
                    ("product", "News about the product"),
                ],
                max_length=10,
            ),
        ),
    ]
