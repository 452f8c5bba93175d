import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import privacy.ciphers
import smsplatform.lib.clock
import smsplatform.lib.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("smsplatform", "0001_tenancy"),
        ("accounts", "0002_isolation"),
    ]

    operations = [
        migrations.CreateModel(
            name="Carrier",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=smsplatform.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.SlugField(max_length=40, unique=True)),
                ("host", models.CharField(max_length=253)),
                ("port", models.PositiveIntegerField()),
                ("tls", models.BooleanField(default=False)),
                ("system_id", privacy.ciphers.EncryptedField(purpose="secrets", workspace=None)),
                ("password", privacy.ciphers.EncryptedField(purpose="secrets", workspace=None)),
                ("system_type", models.CharField(blank=True, default="", max_length=12)),
                (
                    "mode",
                    models.CharField(
                        choices=[
                            ("trx", "Transceiver"),
                            ("pair", "Transmitter and receiver"),
                            ("tx", "Transmitter only"),
                        ],
                        default="trx",
                        max_length=4,
                    ),
                ),
                ("binds_max", models.PositiveSmallIntegerField(default=1)),
                ("window", models.PositiveIntegerField(default=500)),
                ("throughput_max", models.PositiveIntegerField(default=0)),
                (
                    "long_message",
                    models.CharField(
                        choices=[
                            ("udh", "User data header"),
                            ("sar", "SAR parameters"),
                            ("payload", "message_payload"),
                        ],
                        default="udh",
                        max_length=7,
                    ),
                ),
                (
                    "id_format",
                    models.CharField(
                        choices=[
                            ("text", "The same text in response and receipt"),
                            ("decimal", "Decimal in both"),
                            ("hex", "Hexadecimal in both"),
                            ("hex_in_response", "Hexadecimal in the response, decimal in the receipt"),
                            ("hex_in_receipt", "Decimal in the response, hexadecimal in the receipt"),
                        ],
                        default="text",
                        max_length=15,
                    ),
                ),
                ("charset", models.CharField(default="gsm7", max_length=6)),
                ("country", models.CharField(blank=True, default="", max_length=2)),
                ("sandbox", models.BooleanField(default=False)),
                ("enabled", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField(default=smsplatform.lib.clock.now)),
            ],
            options={
                "db_table": "messaging_carrier",
            },
        ),
        migrations.CreateModel(
            name="BindLease",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=smsplatform.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("slot", models.PositiveSmallIntegerField()),
                ("holder", models.UUIDField()),
                ("bound", models.BooleanField(default=False)),
                ("until", models.DateTimeField()),
                (
                    "carrier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="messaging.carrier"
                    ),
                ),
            ],
            options={
                "db_table": "messaging_bind_lease",
                "constraints": [models.UniqueConstraint(fields=("carrier", "slot"), name="bind_slot")],
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("endpoint_id", models.UUIDField()),
                ("event_id", models.UUIDField()),
                ("message_id", models.UUIDField(null=True)),
                ("type", models.CharField(max_length=24)),
                ("error", models.CharField(max_length=40, null=True)),
                ("occurred_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("leased", "In progress"),
                            ("delivered", "Delivered"),
                            ("exhausted", "Given up"),
                            ("dropped", "Dropped"),
                        ],
                        default="pending",
                        max_length=9,
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("due_at", models.DateTimeField()),
                ("lease_until", models.DateTimeField(null=True)),
                ("last_status", models.PositiveSmallIntegerField(null=True)),
                ("last_error", models.CharField(max_length=40, null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "workspace",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="accounts.workspace",
                    ),
                ),
            ],
            options={
                "db_table": "messaging_delivery",
                "indexes": [
                    models.Index(models.F("due_at"), condition=models.Q(("state", "pending")), name="delivery_due"),
                    models.Index(
                        models.F("lease_until"), condition=models.Q(("state", "leased")), name="delivery_lease"
                    ),
                    models.Index(
                        models.F("endpoint_id"),
                        models.F("message_id"),
                        models.F("id"),
                        condition=models.Q(("state__in", ["pending", "leased"])),
                        name="delivery_order",
                    ),
                    models.Index(
                        models.F("workspace"), models.OrderBy(models.F("id"), descending=True), name="delivery_list"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="IdempotencyKey",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "workspace_id",
                        "key_id",
                        "digest",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("key_id", models.UUIDField()),
                ("digest", models.BinaryField(max_length=32)),
                ("fingerprint", models.BinaryField(max_length=32)),
                (
                    "message_ids",
                    django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(null=True), size=None),
                ),
                (
                    "outcomes",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), size=None),
                ),
                ("expires_at", models.DateTimeField()),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.workspace"
                    ),
                ),
            ],
            options={
                "db_table": "messaging_idempotency_key",
                "indexes": [models.Index(models.F("expires_at"), name="idempotency_expiry")],
            },
        ),
        migrations.CreateModel(
            name="MessageEvent",
            fields=[
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("message_id", models.UUIDField()),
                ("kind", models.CharField(max_length=24)),
                ("code", models.CharField(max_length=40, null=True)),
                ("at", models.DateTimeField()),
                (
                    "workspace",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="accounts.workspace",
                    ),
                ),
            ],
            options={
                "db_table": "messaging_event",
                "indexes": [models.Index(models.F("message_id"), models.F("at"), name="event_message")],
            },
        ),
        migrations.CreateModel(
            name="OrphanReceipt",
            fields=[
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("ref", models.CharField(max_length=65)),
                ("state", models.CharField(max_length=13)),
                ("code", models.CharField(max_length=40, null=True)),
                ("received_at", models.DateTimeField()),
                ("matched_at", models.DateTimeField(null=True)),
                (
                    "carrier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="messaging.carrier"
                    ),
                ),
            ],
            options={
                "db_table": "messaging_orphan_receipt",
                "indexes": [
                    models.Index(
                        models.F("carrier"),
                        models.F("ref"),
                        condition=models.Q(("matched_at__isnull", True)),
                        name="orphan_ref",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Outbox",
            fields=[
                ("message_id", models.UUIDField(primary_key=True, serialize=False)),
                ("carrier_id", models.UUIDField()),
                (
                    "state",
                    models.PositiveSmallIntegerField(
                        choices=[(0, "queued"), (1, "leased"), (2, "submitted")], default=0
                    ),
                ),
                ("lane", models.PositiveSmallIntegerField()),
                ("due_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("attempt", models.PositiveSmallIntegerField(default=0)),
                ("failures", models.PositiveSmallIntegerField(default=0)),
                ("hop", models.PositiveSmallIntegerField(default=0)),
                ("parts", models.PositiveSmallIntegerField()),
                ("lease_until", models.DateTimeField(null=True)),
                ("leased_by", models.UUIDField(null=True)),
                (
                    "workspace",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="accounts.workspace",
                    ),
                ),
            ],
            options={
                "db_table": "messaging_outbox",
                "indexes": [
                    models.Index(
                        models.F("carrier_id"),
                        models.F("lane"),
                        models.F("due_at"),
                        condition=models.Q(("state", 0)),
                        name="outbox_claim",
                    ),
                    models.Index(models.F("lease_until"), condition=models.Q(("state", 1)), name="outbox_lease"),
                    models.Index(models.F("expires_at"), name="outbox_expiry"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Route",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=smsplatform.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("prefix", models.CharField(blank=True, max_length=15)),
                ("livemode", models.BooleanField()),
                ("position", models.PositiveSmallIntegerField(default=0)),
                (
                    "carrier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="routes", to="messaging.carrier"
                    ),
                ),
            ],
            options={
                "db_table": "messaging_route",
                "constraints": [models.UniqueConstraint(fields=("livemode", "prefix", "position"), name="route_order")],
            },
        ),
        migrations.CreateModel(
            name="Sender",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=smsplatform.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("address", privacy.ciphers.EncryptedField(purpose="account", workspace="workspace_id")),
                ("address_idx", models.BinaryField(max_length=16)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("alphanumeric", "Alphanumeric"),
                            ("number", "Phone number"),
                            ("short_code", "Short code"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("review", "In review"), ("approved", "Approved"), ("rejected", "Rejected")],
                        default="review",
                        max_length=8,
                    ),
                ),
                ("is_default", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField(default=smsplatform.lib.clock.now)),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="senders", to="accounts.workspace"
                    ),
                ),
            ],
            options={
                "db_table": "messaging_sender",
                "constraints": [
                    models.UniqueConstraint(fields=("workspace", "id"), name="sender_workspace_id"),
                    models.UniqueConstraint(fields=("workspace", "address_idx"), name="sender_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("is_default", True)), fields=("workspace",), name="sender_one_default"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Suppression",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=smsplatform.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("to_idx", models.BinaryField(max_length=16)),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("opt_out", "Opted out"),
                            ("objection", "Objected"),
                            ("restriction", "Processing restricted"),
                        ],
                        max_length=11,
                    ),
                ),
                ("created_at", models.DateTimeField(default=smsplatform.lib.clock.now)),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="suppressions",
                        to="accounts.workspace",
                    ),
                ),
            ],
            options={
                "db_table": "messaging_suppression",
                "constraints": [
                    models.UniqueConstraint(fields=("workspace", "id"), name="suppression_workspace_id"),
                    models.UniqueConstraint(fields=("workspace", "to_idx", "reason"), name="suppression_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Template",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=smsplatform.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=60)),
                ("text", privacy.ciphers.EncryptedField(purpose="account", workspace="workspace_id")),
                ("code_digits", models.PositiveSmallIntegerField(default=0)),
                ("created_at", models.DateTimeField(default=smsplatform.lib.clock.now)),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="templates", to="accounts.workspace"
                    ),
                ),
            ],
            options={
                "db_table": "messaging_template",
                "constraints": [
                    models.UniqueConstraint(fields=("workspace", "id"), name="template_workspace_id"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("code_digits", 0),
                            models.Q(("code_digits__gte", 4), ("code_digits__lte", 10)),
                            _connector="OR",
                        ),
                        name="template_code_digits",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="WebhookEndpoint",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=smsplatform.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("livemode", models.BooleanField()),
                ("url", privacy.ciphers.EncryptedField(purpose="secrets", workspace="workspace_id")),
                ("secret", privacy.ciphers.EncryptedField(purpose="secrets", workspace="workspace_id")),
                (
                    "previous_secret",
                    privacy.ciphers.EncryptedField(null=True, purpose="secrets", workspace="workspace_id"),
                ),
                ("previous_until", models.DateTimeField(null=True)),
                (
                    "types",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=24), default=list, size=None
                    ),
                ),
                (
                    "content",
                    models.CharField(
                        choices=[
                            ("thin", "Ids, status and a masked number"),
                            ("full", "With number and text while they are kept"),
                        ],
                        default="thin",
                        max_length=4,
                    ),
                ),
                ("description", models.CharField(blank=True, default="", max_length=120)),
                ("callback_idx", models.BinaryField(max_length=16, null=True)),
                ("enabled", models.BooleanField(default=True)),
                ("disabled_reason", models.CharField(blank=True, default="", max_length=24)),
                ("created_at", models.DateTimeField(default=smsplatform.lib.clock.now)),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="webhook_endpoints",
                        to="accounts.workspace",
                    ),
                ),
            ],
            options={
                "db_table": "messaging_webhook_endpoint",
                "constraints": [
                    models.UniqueConstraint(fields=("workspace", "id"), name="webhook_endpoint_workspace_id"),
                    models.UniqueConstraint(
                        fields=("workspace", "livemode", "callback_idx"), name="webhook_callback_once"
                    ),
                ],
            },
        ),
        # Partitioned, so made in SQL by the next migration; here is only what Django knows of them.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="Body",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "expires_on",
                                "message_id",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("expires_on", models.DateField()),
                        ("message_id", models.UUIDField()),
                        ("text_ct", models.BinaryField()),
                        (
                            "workspace",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="accounts.workspace",
                            ),
                        ),
                    ],
                    options={
                        "db_table": "messaging_body",
                    },
                ),
                migrations.CreateModel(
                    name="Attempt",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "message_id",
                                "part",
                                "attempt",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("message_id", models.UUIDField()),
                        ("part", models.PositiveSmallIntegerField()),
                        ("attempt", models.PositiveSmallIntegerField()),
                        ("carrier_id", models.UUIDField()),
                        ("session", models.CharField(max_length=12)),
                        ("sequence", models.BigIntegerField()),
                        ("outcome", models.CharField(max_length=10)),
                        ("code", models.CharField(max_length=40, null=True)),
                        ("ref", models.CharField(max_length=65, null=True)),
                        ("submitted_at", models.DateTimeField()),
                        ("receipt", models.CharField(max_length=13, null=True)),
                        ("receipt_code", models.CharField(max_length=40, null=True)),
                        ("receipt_at", models.DateTimeField(null=True)),
                        (
                            "workspace",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="accounts.workspace",
                            ),
                        ),
                    ],
                    options={
                        "db_table": "messaging_attempt",
                        "indexes": [
                            models.Index(
                                models.F("carrier_id"),
                                models.F("ref"),
                                condition=models.Q(("ref__isnull", False)),
                                name="attempt_ref",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Message",
                    fields=[
                        ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                        ("livemode", models.BooleanField()),
                        ("api_key_id", models.UUIDField(null=True)),
                        ("user_id", models.UUIDField(null=True)),
                        ("batch_id", models.UUIDField(null=True)),
                        ("sender_id", models.UUIDField()),
                        ("from_used_id", models.UUIDField(null=True)),
                        ("template_id", models.UUIDField(null=True)),
                        ("callback_id", models.UUIDField(null=True)),
                        ("to_ct", models.BinaryField(null=True)),
                        ("to_idx", models.BinaryField(max_length=16)),
                        ("country", models.CharField(max_length=2)),
                        (
                            "category",
                            models.CharField(
                                choices=[
                                    ("otp", "One-time passcode"),
                                    ("transactional", "Transactional"),
                                    ("marketing", "Marketing"),
                                ],
                                max_length=13,
                            ),
                        ),
                        ("encoding", models.CharField(max_length=4)),
                        ("parts", models.PositiveSmallIntegerField()),
                        ("unit_price", models.BigIntegerField()),
                        ("price", models.BigIntegerField()),
                        ("currency", models.CharField(max_length=3)),
                        ("price_item_id", models.UUIDField(null=True)),
                        ("refund_basis", models.CharField(max_length=9)),
                        ("refunded", models.BooleanField(default=False)),
                        (
                            "status",
                            models.CharField(
                                choices=[
                                    ("scheduled", "Scheduled"),
                                    ("queued", "Queued"),
                                    ("submitting", "Submitting"),
                                    ("submitted", "Submitted"),
                                    ("delivered", "Delivered"),
                                    ("undelivered", "Undelivered"),
                                    ("expired", "Expired"),
                                    ("rejected", "Rejected"),
                                    ("failed", "Failed"),
                                    ("canceled", "Canceled"),
                                ],
                                max_length=11,
                            ),
                        ),
                        ("error", models.CharField(max_length=40, null=True)),
                        ("send_at", models.DateTimeField(null=True)),
                        ("expires_at", models.DateTimeField()),
                        ("final_at", models.DateTimeField(null=True)),
                        ("body_expires_at", models.DateTimeField()),
                        ("redacted_at", models.DateTimeField(null=True)),
                        ("discard_body", models.BooleanField(default=False)),
                        ("mask_recipient", models.BooleanField(default=False)),
                        ("reference_ct", models.BinaryField(null=True)),
                        ("reference_idx", models.BinaryField(max_length=16, null=True)),
                        ("metadata_ct", models.BinaryField(null=True)),
                        (
                            "workspace",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="accounts.workspace",
                            ),
                        ),
                    ],
                    options={
                        "db_table": "messaging_message",
                        "indexes": [
                            models.Index(
                                models.F("workspace"),
                                models.OrderBy(models.F("id"), descending=True),
                                name="message_list",
                            ),
                            models.Index(
                                models.F("workspace"),
                                models.F("to_idx"),
                                models.OrderBy(models.F("id"), descending=True),
                                name="message_number",
                            ),
                            models.Index(
                                models.F("workspace"),
                                models.F("reference_idx"),
                                models.OrderBy(models.F("id"), descending=True),
                                condition=models.Q(("reference_idx__isnull", False)),
                                name="message_reference",
                            ),
                        ],
                    },
                ),
            ],
        ),
    ]
