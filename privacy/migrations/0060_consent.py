from django.db import migrations, models

import smsplatform.lib.ids
from smsplatform.lib.tenancy.operations import Grant

# The library's tables are written by migrations and read by the web role.
LIBRARY = """
GRANT SELECT ON cookie_consent_cookiegroup, cookie_consent_cookie TO sp_app;
"""
UNDO_LIBRARY = """
REVOKE ALL ON cookie_consent_cookiegroup, cookie_consent_cookie FROM sp_app;
"""
TRUNCATED = """
ALTER TABLE privacy_visit ADD CONSTRAINT visit_network_truncated CHECK (
    host(network) = host(network(set_masklen(network, CASE family(network) WHEN 4 THEN 24 ELSE 48 END))));
"""


class Migration(migrations.Migration):
    """What visitors decide about cookies, and views of pages counted without them."""

    dependencies = [("privacy", "0050_finding"), ("cookie_consent", "0004_cookie_natural_key")]
    operations = [
        migrations.CreateModel(
            name="ConsentRecord",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=smsplatform.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("consent_id", models.UUIDField()),
                (
                    "decision",
                    models.CharField(
                        choices=[
                            ("accepted", "Accepted"),
                            ("declined", "Declined"),
                            ("partial", "Partial"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        max_length=10,
                    ),
                ),
                ("groups", models.JSONField()),
                ("text_version", models.CharField(max_length=20)),
                ("language", models.CharField(max_length=10)),
                ("gpc", models.BooleanField()),
                (
                    "method",
                    models.CharField(
                        choices=[("panel", "Panel"), ("page", "Page"), ("banner", "Banner")], max_length=10
                    ),
                ),
                ("decided_at", models.DateTimeField()),
            ],
            options={
                "db_table": "privacy_consent_record",
                "indexes": [models.Index(models.F("consent_id"), name="consent_of")],
            },
        ),
        migrations.CreateModel(
            name="Visit",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=smsplatform.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("at", models.DateTimeField()),
                ("page", models.CharField(max_length=80)),
                ("network", models.GenericIPAddressField(null=True)),
                ("visit_id", models.UUIDField(null=True)),
            ],
            options={
                "db_table": "privacy_visit",
                "indexes": [models.Index(models.F("at"), name="visit_by_time")],
            },
        ),
        migrations.RunSQL(TRUNCATED, reverse_sql="ALTER TABLE privacy_visit DROP CONSTRAINT visit_network_truncated"),
        # Evidence is added to and, with its time or its person, removed; never changed.
        Grant("ConsentRecord", rights={"app": "select, insert", "system": "select, delete", "audit": "select"}),
        Grant("Visit", rights={"app": "insert", "system": "select, delete", "audit": "select"}),
        migrations.RunSQL(LIBRARY, reverse_sql=UNDO_LIBRARY),
    ]
