from django.db import migrations, models


class Migration(migrations.Migration):
    """Grants that the law forbids to show to their workspace until a time."""

    dependencies = [
        ("accounts", "0072_support"),
    ]

    operations = [
        migrations.AddField(
            model_name="staffgrant",
            name="withheld_until",
            field=models.DateTimeField(null=True),
        ),
    ]
