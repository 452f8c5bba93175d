import getpass
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from messaging.models import Carrier
from messaging.provisioning import put_carrier

FIELDS = (
    "host", "port", "system_id", "system_type", "mode", "binds_max", "window", "throughput_max", "long_message",
    "id_format", "charset", "country",
)  # fmt: skip
NUMBERS = {"port", "binds_max", "window", "throughput_max"}


class Command(BaseCommand):
    help = "List carriers, or make and change one. Workers pick a change up within two seconds."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", nargs="?", help="the carrier to make or change; without it, all are listed")
        for field in FIELDS:
            parser.add_argument(f"--{field.replace('_', '-')}", type=int if field in NUMBERS else str)
        parser.add_argument("--password", action="store_true", help="ask for the password")
        parser.add_argument("--tls", choices=["on", "off"])
        parser.add_argument("--sandbox", choices=["on", "off"])
        parser.add_argument("--enabled", choices=["on", "off"])

    def handle(self, *args: Any, **options: Any) -> None:
        if options["name"] is None:
            self._list()
            return
        fields = {name: options[name] for name in FIELDS if options[name] is not None}
        fields |= {name: options[name] == "on" for name in ("tls", "sandbox", "enabled") if options[name]}
        if options["password"]:
            fields["password"] = getpass.getpass("Password: ")
        self._check(fields)
        put_carrier(name=options["name"], **fields)
        self.stdout.write(f"Carrier {options['name']} is set.")

    def _list(self) -> None:
        for carrier in Carrier.objects.using("system").order_by("name"):
            state = "enabled" if carrier.enabled else "disabled"
            self.stdout.write(f"{carrier.name}  {carrier.host}:{carrier.port}  {state}  window {carrier.window}")

    def _check(self, fields: dict[str, Any]) -> None:
        choices = {"mode": Carrier.Mode, "long_message": Carrier.LongMessage, "id_format": Carrier.IdFormat}
        for name, known in choices.items():
            if name in fields and fields[name] not in known.values:
                raise CommandError(f"--{name.replace('_', '-')} is one of {', '.join(known.values)}.")
        if "charset" in fields and fields["charset"] not in ("gsm7", "latin1"):
            raise CommandError("--charset is gsm7 or latin1.")
