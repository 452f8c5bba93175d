from django.db import migrations


class Migration(migrations.Migration):
    """Everybody who was here before sign-up existed was made by somebody who knew them."""

    dependencies = [("accounts", "0006_sign_up")]
    operations = [
        migrations.RunSQL(
            "UPDATE accounts_user SET email_confirmed_at = created_at WHERE email_confirmed_at IS NULL",
            reverse_sql=migrations.RunSQL.noop,
        )
    ]
