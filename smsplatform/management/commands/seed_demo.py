import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from smsplatform.lib import clock
from smsplatform.quickstart import demo


class Command(BaseCommand):
    help = "Fill an empty installation for the quick start; prints the secrets as JSON."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--smpp-port", type=int, required=True, help="where the simulated carrier listens")
        parser.add_argument("--carrier-only", action="store_true", help="no people, workspace, money or keys")

    def handle(self, *args: Any, **options: Any) -> None:
        demo.connect_carrier(port=options["smpp_port"])
        made = {} if options["carrier_only"] else demo.seed(at=clock.now())
        self.stdout.write(json.dumps(made))
