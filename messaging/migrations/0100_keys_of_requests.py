from django.db import migrations

from smsplatform.lib.tenancy.operations import Grant


class Migration(migrations.Migration):
    """Requests that make one thing note their ``Idempotency-Key`` themselves; sends do it in their own function."""

    dependencies = [("messaging", "0099_held_threads")]
    operations = [
        Grant("IdempotencyKey", rights={"app": "insert, update (fingerprint, message_ids, outcomes, expires_at)"}),
    ]
