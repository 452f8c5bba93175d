from argparse import ArgumentParser
from typing import Any

import environ
import psycopg
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from smsplatform.lib.tenancy import roles


class Command(BaseCommand):
    help = (
        "Create the roles and databases that the URLs name, on a PostgreSQL server reached as superuser by "
        "ADMIN_DATABASE_URL. Safe to repeat; sets the passwords again. Then run upgrade."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--only", choices=["main", "keystore"], help="when they are on different servers")

    def handle(self, *args: Any, **options: Any) -> None:
        """Passwords come from the URLs in force, so that each is written in one place."""
        if "owner" not in connections:
            raise CommandError("Set OWNER_DATABASE_URL (role sp_owner): the owner of the tables.")
        url = environ.Env().str("ADMIN_DATABASE_URL", default="")
        if not url:
            raise CommandError("Set ADMIN_DATABASE_URL to a superuser's URL for this command only.")
        with psycopg.connect(url, autocommit=True) as connection:
            roles.create_roles(connection, passwords=_passwords())
            for alias, owner in (("owner", "sp_owner"), ("keystore", "sp_keys")):
                if options["only"] in (None, {"owner": "main"}.get(alias, alias)):
                    name = connections[alias].settings_dict["NAME"]
                    roles.create_database(connection, name=name, owner=owner)
                    self.stdout.write(f"Database {name} is there.")


def _passwords() -> dict[str, str]:
    return {
        connection.settings_dict["USER"]: connection.settings_dict["PASSWORD"]
        for connection in (connections[alias] for alias in connections)
    }
