from django.db import migrations


class Migration(migrations.Migration):
    """Who opened a debugging window is replaced when that person is erased."""

    dependencies = [("privacy", "0041_carrying_out")]
    operations = [
        migrations.RunSQL(
            "GRANT UPDATE ON privacy_window TO sp_definer",
            reverse_sql="REVOKE UPDATE ON privacy_window FROM sp_definer",
        )
    ]
