from django.db import migrations

TABLES = "django_session, otp_totp_totpdevice"


class Migration(migrations.Migration):
    """Sessions and second factors are kept in tables of libraries, which grant nothing to anybody by themselves."""

    dependencies = [("accounts", "0002_isolation"), ("sessions", "0001_initial"), ("otp_totp", "0003_add_timestamps")]
    operations = [
        migrations.RunSQL(
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON {TABLES} TO sp_app",
            reverse_sql=f"REVOKE ALL ON {TABLES} FROM sp_app",
        )
    ]
