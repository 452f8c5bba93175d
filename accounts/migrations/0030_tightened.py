from django.db import migrations, models

SAME = "UPDATE accounts_workspace SET body_hours = NULL WHERE body_hours = 24"


class Migration(migrations.Migration):
    """A workspace's own periods are only ever shorter than the policy; none is what the policy says."""

    dependencies = [
        ("accounts", "0060_incident_mails"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="workspace",
            name="workspace_body_hours_tighten_only",
        ),
        migrations.AddField(
            model_name="workspace",
            name="metadata_days",
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AlterField(
            model_name="workspace",
            name="body_hours",
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddConstraint(
            model_name="workspace",
            constraint=models.CheckConstraint(
                condition=models.Q(("body_hours", None), ("body_hours__gte", 1), _connector="OR"),
                name="workspace_body_hours_least",
            ),
        ),
        migrations.AddConstraint(
            model_name="workspace",
            constraint=models.CheckConstraint(
                condition=models.Q(("metadata_days", None), ("metadata_days__gte", 7), _connector="OR"),
                name="workspace_metadata_days_least",
            ),
        ),
        migrations.RunSQL(SAME, reverse_sql=migrations.RunSQL.noop),
    ]
