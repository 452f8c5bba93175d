from django.db import migrations, models


class Migration(migrations.Migration):
    """Marks of erasures end when no backup is left that they could be needed for."""

    dependencies = [("keystore", "0050_watermark")]

    operations = [
        migrations.AddField(
            model_name="tombstone",
            name="epoch",
            field=models.PositiveBigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="watermark",
            name="forgotten",
            field=models.PositiveBigIntegerField(default=0),
        ),
        migrations.AddIndex(
            model_name="tombstone",
            index=models.Index(models.F("at"), name="tombstone_at"),
        ),
    ]
