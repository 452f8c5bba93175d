from django.db import migrations


class Migration(migrations.Migration):
    """A public key is worked out from its private half, which is all that is kept."""

    dependencies = [
        ("accounts", "0010_factors"),
    ]

    operations = [
        migrations.RemoveField(
            model_name="signingkey",
            name="public_pem",
        ),
    ]
