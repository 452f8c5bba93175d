import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import privacy.ciphers
import smsplatform.lib.ids
from smsplatform.lib.tenancy.operations import Grant, Isolate

ALL = "select, insert, update, delete"


class Migration(migrations.Migration):
    """Demands of authorities, which the web role does not see, what holders are told of them, and abuse reports."""

    dependencies = [
        ("privacy", "0092_wishes"),
    ]

    operations = [
        migrations.CreateModel(
            name="AbuseCase",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=smsplatform.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("phishing", "Phishing: it wants passwords or codes"),
                            ("fraud", "Fraud: it wants money, or pretends to be somebody"),
                            ("spam", "Advertising I never asked for"),
                            ("harassment", "Harassment or threats"),
                            ("other", "Something else"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("new", "New"),
                            ("investigating", "Being investigated"),
                            ("actioned", "Acted upon"),
                            ("dismissed", "Dismissed"),
                        ],
                        default="new",
                        max_length=13,
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        choices=[("form", "Public form"), ("carrier", "A carrier"), ("staff", "Found by staff")],
                        default="form",
                        max_length=7,
                    ),
                ),
                ("sender", privacy.ciphers.EncryptedField(purpose="account", workspace=None)),
                ("words", privacy.ciphers.EncryptedField(null=True, purpose="account", workspace=None)),
                ("number", privacy.ciphers.EncryptedField(null=True, purpose="account", workspace=None)),
                ("number_idx", models.BinaryField(max_length=16, null=True)),
                ("email", privacy.ciphers.EncryptedField(null=True, purpose="account", workspace=None)),
                ("text_at", models.DateTimeField(null=True)),
                ("reported_at", models.DateTimeField()),
                ("suspect_id", models.UUIDField(null=True)),
                ("hold_id", models.UUIDField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "privacy_abuse_case",
                "indexes": [
                    models.Index(
                        models.F("reported_at"), condition=models.Q(("closed_at", None)), name="abuse_case_open"
                    ),
                    models.Index(
                        models.F("closed_at"),
                        condition=models.Q(("closed_at__isnull", False)),
                        name="abuse_case_closed",
                    ),
                    models.Index(
                        models.F("number_idx"),
                        condition=models.Q(("number_idx__isnull", False)),
                        name="abuse_case_number",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("closed_at", None), ("state__in", ["new", "investigating"])),
                            models.Q(("closed_at__isnull", False), ("state__in", ["actioned", "dismissed"])),
                            _connector="OR",
                        ),
                        name="abuse_case_ends",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Disclosure",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=smsplatform.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("workspace_id", models.UUIDField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "To be assessed"),
                            ("valid", "Valid, holder to be told"),
                            ("told", "To be approved by a second person"),
                            ("approved", "Approved"),
                            ("refused", "Refused"),
                            ("withdrawn", "Withdrawn"),
                            ("handed_over", "Handed over"),
                        ],
                        default="draft",
                        max_length=11,
                    ),
                ),
                (
                    "ground",
                    models.CharField(
                        choices=[
                            ("court", "Order of a court"),
                            ("prosecutor", "Order of a prosecutor or the police"),
                            ("regulator", "Order of a supervisory authority"),
                            ("emergency", "Danger to somebody's life or limb"),
                            ("rights", "Our own legal claim or defence"),
                        ],
                        max_length=10,
                    ),
                ),
                ("country", models.CharField(max_length=2)),
                ("authority", privacy.ciphers.EncryptedField(purpose="account", workspace=None)),
                ("law", privacy.ciphers.EncryptedField(purpose="account", workspace=None)),
                ("reference", privacy.ciphers.EncryptedField(purpose="account", workspace=None)),
                ("received_at", models.DateTimeField()),
                ("opened_at", models.DateTimeField()),
                ("opened_by", models.UUIDField()),
                (
                    "records",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), size=None),
                ),
                (
                    "kinds",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), size=None),
                ),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("number", privacy.ciphers.EncryptedField(null=True, purpose="account", workspace=None)),
                ("bar_law", privacy.ciphers.EncryptedField(null=True, purpose="account", workspace=None)),
                ("bar_until", models.DateTimeField(null=True)),
                ("assessed_at", models.DateTimeField(null=True)),
                ("assessed_by", models.UUIDField(null=True)),
                ("authentic", models.BooleanField(default=False)),
                ("effective", models.BooleanField(default=False)),
                ("narrow", models.BooleanField(default=False)),
                ("reasons", privacy.ciphers.EncryptedField(null=True, purpose="account", workspace=None)),
                ("notice_ordered_at", models.DateTimeField(null=True)),
                ("noticed_at", models.DateTimeField(null=True)),
                ("release_at", models.DateTimeField(null=True)),
                ("approved_at", models.DateTimeField(null=True)),
                ("approved_by", models.UUIDField(null=True)),
                ("package_id", models.UUIDField(null=True)),
                ("sha256", models.CharField(blank=True, default="", max_length=64)),
                ("produced_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                ("closed_by", models.UUIDField(null=True)),
                ("outcome", privacy.ciphers.EncryptedField(null=True, purpose="account", workspace=None)),
            ],
            options={
                "db_table": "privacy_disclosure",
                "indexes": [
                    models.Index(models.F("workspace_id"), name="disclosure_workspace"),
                    models.Index(
                        models.F("notice_ordered_at"), condition=models.Q(("noticed_at", None)), name="disclosure_owed"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("since__lt", models.F("until"))), name="disclosure_period"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("bar_law__isnull", True), ("bar_until", None)),
                            models.Q(("bar_law__isnull", False), ("bar_until__isnull", False)),
                            _connector="OR",
                        ),
                        name="disclosure_silence_has_a_law",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["draft", "refused", "withdrawn"]),
                            models.Q(
                                ("assessed_by__isnull", False),
                                ("authentic", True),
                                ("effective", True),
                                ("narrow", True),
                            ),
                            _connector="OR",
                        ),
                        name="disclosure_assessed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["approved", "handed_over"]), _negated=True),
                            models.Q(
                                ("approved_by__isnull", False),
                                models.Q(("approved_by", models.F("opened_by")), _negated=True),
                                models.Q(("approved_by", models.F("assessed_by")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="disclosure_second_person",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "handed_over"), _negated=True),
                            ("noticed_at__isnull", False),
                            ("bar_law__isnull", False),
                            _connector="OR",
                        ),
                        name="disclosure_told_or_barred",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "handed_over"), _negated=True),
                            ("produced_at__gte", models.F("release_at")),
                            _connector="OR",
                        ),
                        name="disclosure_waited",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DisclosureNotice",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=smsplatform.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("workspace_id", models.UUIDField()),
                ("disclosure_id", models.UUIDField()),
                (
                    "ground",
                    models.CharField(
                        choices=[
                            ("court", "Order of a court"),
                            ("prosecutor", "Order of a prosecutor or the police"),
                            ("regulator", "Order of a supervisory authority"),
                            ("emergency", "Danger to somebody's life or limb"),
                            ("rights", "Our own legal claim or defence"),
                        ],
                        max_length=10,
                    ),
                ),
                ("authority", privacy.ciphers.EncryptedField(purpose="account", workspace=None)),
                ("law", privacy.ciphers.EncryptedField(purpose="account", workspace=None)),
                (
                    "records",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), size=None),
                ),
                (
                    "kinds",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), size=None),
                ),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("barred_until", models.DateTimeField(null=True)),
                ("at", models.DateTimeField()),
                ("release_at", models.DateTimeField(null=True)),
                ("handed_over_at", models.DateTimeField(null=True)),
                ("dropped_at", models.DateTimeField(null=True)),
                ("objection", privacy.ciphers.EncryptedField(null=True, purpose="account", workspace=None)),
                ("objected_at", models.DateTimeField(null=True)),
                ("objected_by", models.UUIDField(null=True)),
                ("answer", privacy.ciphers.EncryptedField(null=True, purpose="account", workspace=None)),
                ("answered_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "privacy_disclosure_notice",
                "indexes": [
                    models.Index(
                        models.F("workspace_id"),
                        models.OrderBy(models.F("id"), descending=True),
                        name="disclosure_notices",
                    )
                ],
                "constraints": [models.UniqueConstraint(models.F("disclosure_id"), name="disclosure_told_once")],
            },
        ),
        migrations.CreateModel(
            name="AbuseStep",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=smsplatform.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("new", "New"),
                            ("investigating", "Being investigated"),
                            ("actioned", "Acted upon"),
                            ("dismissed", "Dismissed"),
                        ],
                        max_length=13,
                    ),
                ),
                ("reason", privacy.ciphers.EncryptedField(null=True, purpose="account", workspace=None)),
                ("by_id", models.UUIDField(null=True)),
                ("at", models.DateTimeField()),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="steps", to="privacy.abusecase"
                    ),
                ),
            ],
            options={
                "db_table": "privacy_abuse_step",
                "indexes": [models.Index(models.F("case"), models.F("id"), name="abuse_steps")],
            },
        ),
        Isolate("Disclosure", rights={"system": ALL, "audit": "select"}),
        Isolate(
            "DisclosureNotice",
            rights={
                "app": "select, insert, update (objection, objected_at, objected_by)",
                "system": "select, update, delete",
                "audit": "select",
            },
        ),
        Grant("AbuseCase", rights={"app": "select, delete", "system": ALL, "audit": "select"}),
        Grant("AbuseStep", rights={"app": "select, delete", "system": ALL, "audit": "select"}),
    ]
