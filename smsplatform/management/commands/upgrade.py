from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from smsplatform.lib.tenancy import roles


class Command(BaseCommand):
    help = (
        "Migrate both databases, install the keys that prove a workspace, check settings. Run it at every deployment."
    )
    requires_system_checks: list[str] = []  # at the end: some ask the tables

    def handle(self, *args: Any, **options: Any) -> None:
        """Needs OWNER_DATABASE_URL: only the owner role may change tables."""
        if "owner" not in connections:
            raise CommandError("Set OWNER_DATABASE_URL (role sp_owner) for this command.")
        quiet = {"verbosity": options["verbosity"], "interactive": False}
        call_command("migrate", database="owner", **quiet)
        call_command("migrate", database="keystore", **quiet)
        owner = connections["owner"]
        owner.ensure_connection()
        roles.after_migrate(owner.connection, secret_key=settings.SECRET_KEY)
        self.check()  # for the workers too, which start without
