import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Support threads that a hold keeps outlive the person who wrote them."""

    dependencies = [
        ("accounts", "0083_staff_second"),
    ]

    operations = [
        migrations.AlterField(
            model_name="supportentry",
            name="user",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="supportthread",
            name="user",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="support_threads",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
    ]
