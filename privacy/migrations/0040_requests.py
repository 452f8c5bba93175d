from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

import privacy.ciphers
import smsplatform.lib.ids
from smsplatform.lib.tenancy.operations import Grant, Isolate

REQUESTS = (Path(__file__).parent.parent / "sql" / "requests.sql").read_text()
UNDO = "DROP FUNCTION privacy.tickets_of(uuid); DROP FUNCTION privacy.tickets_due(timestamptz, integer)"
PLAIN = (
    "id, kind, about, state, proof, residence, law, reason, received_at, verified_at, due_at, extended_at, closed_at"
)


class Migration(migrations.Migration):
    """What people ask about their data, and what workspaces are told of it."""

    dependencies = [
        ("privacy", "0080_sealing"),
    ]

    operations = [
        migrations.CreateModel(
            name="RequestSettings",
            fields=[
                ("workspace_id", models.UUIDField(primary_key=True, serialize=False)),
                ("objection", models.BooleanField(default=True)),
                ("restriction", models.BooleanField(default=True)),
                ("access", models.BooleanField(default=False)),
                ("erasure", models.BooleanField(default=False)),
            ],
            options={
                "db_table": "privacy_request_settings",
            },
        ),
        migrations.CreateModel(
            name="DataRequest",
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
                            ("access", "A copy of my data"),
                            ("portability", "My data in a form for machines"),
                            ("rectification", "Correct my data"),
                            ("erasure", "Erase my data"),
                            ("restriction", "Stop using my data while something is cleared up"),
                            ("objection", "Send me no more texts"),
                            ("anonymisation", "Make my data anonymous"),
                            ("opt_out_of_sale", "Do not sell or share my data"),
                            ("limit_sensitive", "Limit the use of sensitive data"),
                            ("confirmation", "Tell me whether you hold data about me"),
                            ("complaint", "A complaint"),
                            ("child_account", "A child has an account here"),
                            ("inquiry", "A question about privacy"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "about",
                    models.CharField(
                        choices=[
                            ("recipient", "I received a text"),
                            ("account_holder", "I have an account"),
                            ("team_member", "I work in somebody's workspace"),
                            ("contact", "Somebody keeps me as a contact"),
                            ("visitor", "I only visited these pages"),
                        ],
                        max_length=14,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("received", "Received"),
                            ("verifying", "Waiting for your proof"),
                            ("verified", "Being worked on"),
                            ("forwarded", "With those who decide about your data"),
                            ("planned", "Waiting for your word"),
                            ("approved", "Approved"),
                            ("executing", "Being carried out"),
                            ("delivered", "Done"),
                            ("partly_refused", "Done in part"),
                            ("refused", "Refused"),
                            ("withdrawn", "Withdrawn"),
                            ("lapsed", "Lapsed: never proved"),
                        ],
                        default="received",
                        max_length=14,
                    ),
                ),
                ("proof", models.CharField(blank=True, default="", max_length=7)),
                ("identity", privacy.ciphers.EncryptedField(null=True, purpose="account", workspace=None)),
                ("identity_idx", models.BinaryField(max_length=16, null=True)),
                ("user_id", models.UUIDField(null=True)),
                ("residence", models.CharField(blank=True, default="", max_length=5)),
                ("law", models.CharField(blank=True, default="", max_length=8)),
                ("words", privacy.ciphers.EncryptedField(null=True, purpose="account", workspace=None)),
                ("answer", privacy.ciphers.EncryptedField(null=True, purpose="account", workspace=None)),
                ("reason", models.CharField(blank=True, default="", max_length=24)),
                ("locale", models.CharField(blank=True, default="", max_length=8)),
                ("received_at", models.DateTimeField()),
                ("verified_at", models.DateTimeField(null=True)),
                ("due_at", models.DateTimeField()),
                ("extended_at", models.DateTimeField(null=True)),
                ("reminded", models.PositiveSmallIntegerField(default=0)),
                ("closed_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "privacy_data_request",
                "indexes": [
                    models.Index(models.F("due_at"), condition=models.Q(("closed_at", None)), name="request_open"),
                    models.Index(
                        models.F("identity_idx"),
                        condition=models.Q(("identity_idx__isnull", False)),
                        name="request_identity",
                    ),
                    models.Index(
                        models.F("user_id"), condition=models.Q(("user_id__isnull", False)), name="request_user"
                    ),
                    models.Index(
                        models.F("closed_at"), condition=models.Q(("closed_at__isnull", False)), name="request_closed"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DataRequestStep",
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
                            ("received", "Received"),
                            ("verifying", "Waiting for your proof"),
                            ("verified", "Being worked on"),
                            ("forwarded", "With those who decide about your data"),
                            ("planned", "Waiting for your word"),
                            ("approved", "Approved"),
                            ("executing", "Being carried out"),
                            ("delivered", "Done"),
                            ("partly_refused", "Done in part"),
                            ("refused", "Refused"),
                            ("withdrawn", "Withdrawn"),
                            ("lapsed", "Lapsed: never proved"),
                        ],
                        max_length=14,
                    ),
                ),
                ("by", models.CharField(max_length=9)),
                ("actor_id", models.UUIDField(null=True)),
                ("note", models.CharField(blank=True, default="", max_length=24)),
                ("at", models.DateTimeField()),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="steps", to="privacy.datarequest"
                    ),
                ),
            ],
            options={
                "db_table": "privacy_data_request_step",
            },
        ),
        migrations.CreateModel(
            name="IdentityProof",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=smsplatform.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("kind", models.CharField(max_length=7)),
                ("identity", privacy.ciphers.EncryptedField(purpose="account", workspace=None)),
                ("identity_idx", models.BinaryField(max_length=16)),
                ("on", models.DateField()),
                ("ordinal", models.PositiveSmallIntegerField(null=True)),
                ("digest", models.BinaryField(max_length=32, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                (
                    "about",
                    models.CharField(
                        choices=[
                            ("recipient", "I received a text"),
                            ("account_holder", "I have an account"),
                            ("team_member", "I work in somebody's workspace"),
                            ("contact", "Somebody keeps me as a contact"),
                            ("visitor", "I only visited these pages"),
                        ],
                        max_length=14,
                    ),
                ),
                ("locale", models.CharField(blank=True, default="", max_length=8)),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("verified_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "privacy_identity_proof",
                "constraints": [
                    models.UniqueConstraint(fields=("identity_idx", "on", "ordinal"), name="proof_ordinal"),
                    models.CheckConstraint(
                        condition=models.Q(("ordinal", None), ("ordinal__range", (1, 3)), _connector="OR"),
                        name="proof_three_a_day",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RequestTicket",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=smsplatform.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("workspace_id", models.UUIDField()),
                ("request_id", models.UUIDField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("access", "A copy of my data"),
                            ("portability", "My data in a form for machines"),
                            ("rectification", "Correct my data"),
                            ("erasure", "Erase my data"),
                            ("restriction", "Stop using my data while something is cleared up"),
                            ("objection", "Send me no more texts"),
                            ("anonymisation", "Make my data anonymous"),
                            ("opt_out_of_sale", "Do not sell or share my data"),
                            ("limit_sensitive", "Limit the use of sensitive data"),
                            ("confirmation", "Tell me whether you hold data about me"),
                            ("complaint", "A complaint"),
                            ("child_account", "A child has an account here"),
                            ("inquiry", "A question about privacy"),
                        ],
                        max_length=16,
                    ),
                ),
                ("msisdn", privacy.ciphers.EncryptedField(null=True, purpose="contacts", workspace="workspace_id")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "To decide"),
                            ("done", "Done"),
                            ("refused", "Refused"),
                            ("closed", "Withdrawn"),
                        ],
                        default="open",
                        max_length=7,
                    ),
                ),
                ("automatic", models.BooleanField(default=False)),
                ("words", privacy.ciphers.EncryptedField(null=True, purpose="contacts", workspace="workspace_id")),
                ("reason", privacy.ciphers.EncryptedField(null=True, purpose="contacts", workspace="workspace_id")),
                ("due_at", models.DateTimeField()),
                ("reminded", models.PositiveSmallIntegerField(default=0)),
                ("created_at", models.DateTimeField()),
                ("decided_at", models.DateTimeField(null=True)),
                ("decided_by", models.UUIDField(null=True)),
            ],
            options={
                "db_table": "privacy_request_ticket",
                "indexes": [
                    models.Index(
                        models.F("workspace_id"), models.OrderBy(models.F("id"), descending=True), name="ticket_list"
                    ),
                    models.Index(models.F("request_id"), name="ticket_request"),
                    models.Index(models.F("due_at"), condition=models.Q(("state", "open")), name="ticket_open"),
                ],
                "constraints": [models.UniqueConstraint(fields=("workspace_id", "request_id"), name="ticket_once")],
            },
        ),
        Grant(
            "DataRequest",
            rights={
                "app": "select, insert, update",
                "system": "select, update, delete",
                "audit": f"select ({PLAIN})",
            },
        ),
        Grant("DataRequestStep", rights={"app": "select, insert", "system": "select, delete", "audit": "select"}),
        Grant("IdentityProof", rights={"app": "select, insert, update", "system": "select, delete"}),
        Isolate("RequestTicket", rights={"app": "select, insert, update", "system": "select, update, delete"}),
        Isolate("RequestSettings", rights={"app": "select, insert, update"}),
        migrations.RunSQL(REQUESTS, reverse_sql=UNDO),
    ]
