from django.db import migrations, models

ROLES = [
    ("", "not staff"),
    ("admin", "Admin"),
    ("support", "Support"),
    ("finance", "Finance"),
    ("auditor", "Auditor"),
]


class Migration(migrations.Migration):
    dependencies = [("accounts", "0012_notifications")]
    operations = [
        migrations.AlterField(
            model_name="user",
            name="staff_role",
            field=models.CharField(blank=True, choices=ROLES, default="", max_length=10),
        ),
    ]
