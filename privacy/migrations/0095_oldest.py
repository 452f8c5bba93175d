from django.db import migrations, models


class Migration(migrations.Migration):
    """When the oldest row of each unit is over: one look into an index."""

    dependencies = [("privacy", "0094_stopped_erasures")]

    operations = [
        migrations.AddIndex(
            model_name="consentrecord",
            index=models.Index(models.F("decided_at"), name="consent_decided"),
        ),
        migrations.AddIndex(
            model_name="datarequest",
            index=models.Index(
                models.F("closed_at"),
                condition=models.Q(
                    ("identity_idx__isnull", False),
                    ("words__isnull", False),
                    ("answer__isnull", False),
                    ("value__isnull", False),
                    _connector="OR",
                ),
                name="request_words",
            ),
        ),
        migrations.AddIndex(
            model_name="debugwindow",
            index=models.Index(models.F("opened_at"), name="window_opened"),
        ),
        migrations.AddIndex(
            model_name="requestticket",
            index=models.Index(models.F("due_at"), name="ticket_due"),
        ),
    ]
