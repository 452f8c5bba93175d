from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from messaging.models import Carrier, Route
from messaging.provisioning import put_routes


class Command(BaseCommand):
    help = "List routes, or say which carriers take the numbers of a prefix, in order."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("prefix", nargs="?", help='digits without plus, e.g. 49; "all" for the rest of the world')
        parser.add_argument("carriers", nargs="*", help="carrier names, the first one first; none removes the route")
        parser.add_argument("--test", action="store_true", help="the route of test keys")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["prefix"] is None:
            for route in (
                Route.objects.using("system").select_related("carrier").order_by("livemode", "prefix", "position")
            ):
                mode = "live" if route.livemode else "test"
                self.stdout.write(f"{mode}  +{route.prefix or '…'}  {route.position}  {route.carrier.name}")
            return
        prefix = "" if options["prefix"] == "all" else options["prefix"].lstrip("+")
        if prefix and not prefix.isdigit():
            raise CommandError("A prefix is digits, or the word all.")
        known = {carrier.name: carrier for carrier in Carrier.objects.using("owner").all()}
        if missing := [name for name in options["carriers"] if name not in known]:
            raise CommandError(f"No carrier is named {', '.join(missing)}.")
        put_routes(prefix=prefix, livemode=not options["test"], carriers=[known[name] for name in options["carriers"]])
        self.stdout.write(f"Route +{prefix or '…'} is set.")
