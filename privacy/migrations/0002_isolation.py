from django.db import migrations

from smsplatform.lib.tenancy.operations import Isolate


class Migration(migrations.Migration):
    """Each workspace sees and appends to its own audit log; nobody may change it."""

    dependencies = [("privacy", "0001_initial"), ("smsplatform", "0001_tenancy")]
    operations = [
        Isolate(
            "AuditEvent",
            rights={
                "app": "select, insert",
                "definer": "select, insert",
                "system": "select, insert",
                "audit": "select, insert",
            },
        )
    ]
