from django.db import migrations, models

MADE = """
DROP INDEX message_list;
CREATE INDEX message_list ON messaging_message (workspace_id, {mode} id DESC);
"""


class Migration(migrations.Migration):
    """Lists show one mode: an index without it reads all of the other mode's messages in between."""

    dependencies = [("messaging", "0004_traffic")]
    operations = [
        migrations.RunSQL(
            MADE.format(mode="livemode,"),
            reverse_sql=MADE.format(mode=""),
            state_operations=[
                migrations.RemoveIndex(model_name="message", name="message_list"),
                migrations.AddIndex(
                    model_name="message",
                    index=models.Index(
                        models.F("workspace"), models.F("livemode"), models.F("id").desc(), name="message_list"
                    ),
                ),
            ],
        )
    ]
