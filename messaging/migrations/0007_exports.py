import django.db.models.deletion
from django.db import migrations, models

import privacy.ciphers
import smsplatform.lib.clock
import smsplatform.lib.ids
import smsplatform.lib.tenancy.models
from smsplatform.lib.tenancy.operations import Isolate

ALL = "select, insert, update, delete"
KNOWN = "select (id, workspace_id, state, touched_at, created_at, expires_at)"


class Migration(migrations.Migration):
    """Files made from lists. The sweep and the purge see what is due, never what was asked for."""

    dependencies = [
        ("accounts", "0007_confirmed"),
        ("messaging", "0006_api_log"),
    ]

    operations = [
        migrations.CreateModel(
            name="Export",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=smsplatform.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("requested_by", models.UUIDField()),
                ("kind", models.CharField(choices=[("messages", "Messages")], max_length=12)),
                ("filter", privacy.ciphers.EncryptedField(null=True, purpose="contacts", workspace="workspace_id")),
                (
                    "format",
                    models.CharField(choices=[("csv", "CSV"), ("json", "JSON"), ("jsonl", "JSON lines")], max_length=5),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Queued"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                            ("expired", "Expired"),
                        ],
                        default="queued",
                        max_length=7,
                    ),
                ),
                ("cursor", models.UUIDField(null=True)),
                ("pieces", models.PositiveIntegerField(default=0)),
                ("rows_done", models.PositiveIntegerField(default=0)),
                ("rows_read", models.PositiveIntegerField(default=0)),
                ("rows_estimated", models.PositiveIntegerField(default=0)),
                ("error", models.CharField(blank=True, default="", max_length=40)),
                ("created_at", models.DateTimeField(default=smsplatform.lib.clock.now)),
                ("touched_at", models.DateTimeField(default=smsplatform.lib.clock.now)),
                ("finished_at", models.DateTimeField(null=True)),
                ("expires_at", models.DateTimeField()),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="exports", to="accounts.workspace"
                    ),
                ),
            ],
            options={
                "db_table": "messaging_export",
            },
        ),
        migrations.CreateModel(
            name="ExportPiece",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=smsplatform.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("content", privacy.ciphers.EncryptedField(purpose="contacts", workspace="workspace_id")),
                (
                    "export",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="messaging.export",
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.workspace"
                    ),
                ),
            ],
            options={
                "db_table": "messaging_export_piece",
            },
        ),
        migrations.AddIndex(
            model_name="export",
            index=models.Index(
                models.F("workspace"), models.OrderBy(models.F("id"), descending=True), name="export_list"
            ),
        ),
        migrations.AddIndex(
            model_name="export",
            index=models.Index(
                models.F("touched_at"), condition=models.Q(("state__in", ["queued", "running"])), name="export_open"
            ),
        ),
        migrations.AddIndex(
            model_name="export",
            index=models.Index(
                models.F("expires_at"), condition=models.Q(("state", "expired"), _negated=True), name="export_expiry"
            ),
        ),
        migrations.AddConstraint(
            model_name="export",
            constraint=models.UniqueConstraint(fields=("workspace", "id"), name="export_workspace_id"),
        ),
        migrations.AddConstraint(
            model_name="exportpiece",
            constraint=models.UniqueConstraint(fields=("export", "number"), name="export_piece_once"),
        ),
        migrations.AddConstraint(
            model_name="exportpiece",
            constraint=smsplatform.lib.tenancy.models.SameWorkspace(
                field="export", name="export_piece_export", on_delete="CASCADE", to="messaging.Export"
            ),
        ),
        Isolate("Export", rights={"app": ALL, "system": f"{KNOWN}, update (state, filter), delete"}),
        Isolate("ExportPiece", rights={"app": ALL, "system": "select (id, export_id), delete"}),
    ]
