from django.db import migrations, models


class Migration(migrations.Migration):
    """How far the audit log had come, where whoever rewrites the log cannot write."""

    dependencies = [("keystore", "0001_initial")]
    operations = [
        migrations.CreateModel(
            name="LogHead",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("seal", models.BigIntegerField()),
                ("mac", models.BinaryField()),
                ("segments", models.PositiveIntegerField()),
                ("root", models.BinaryField()),
                ("at", models.DateTimeField()),
            ],
            options={"db_table": "keystore_log_head"},
        )
    ]
