from argparse import ArgumentParser, FileType
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.dateparse import parse_datetime

from billing import price_imports, rates
from billing.models import PricePlan
from smsplatform.lib import clock, money


class Command(BaseCommand):
    """``manage.py prices_import prices.csv --plan List --from 2027-01-01T00:00Z [--apply]``."""

    help = "Compare a CSV price list with the plan in force, and with --apply publish it as a new version."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The file, the plan, the moment it takes effect."""
        parser.add_argument("file", type=FileType("r", encoding="utf-8-sig"))
        parser.add_argument("--plan", required=True, help="name of the plan")
        parser.add_argument("--from", dest="effective_at", required=True, help="when it takes effect, with time zone")
        parser.add_argument("--apply", action="store_true", help="publish; without it nothing is written")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print every difference; write only when told to."""
        at = clock.now()
        effective_at = parse_datetime(options["effective_at"])
        if effective_at is None or effective_at.tzinfo is None or effective_at <= at:
            raise CommandError("--from must be a moment in the future, with its time zone.")
        plan = PricePlan.objects.using("owner").filter(name=options["plan"]).first()
        if plan is None:
            raise CommandError("There is no plan of this name.")
        try:
            items = price_imports.parse(options["file"], plan=plan)
        except price_imports.PriceListRefused as refused:
            raise CommandError("\n".join(refused.faults)) from None
        present = rates.in_force(plan.pk, effective_at, using="owner")
        before = rates.read(present.pk, using="owner") if present else rates.PriceBook()
        for change in price_imports.compare(before, items):
            self.stdout.write(f"{change.kind:<6} {change.prefix:<17} {_text(change.before)} → {_text(change.after)}")
        if not options["apply"]:
            self.stdout.write("Nothing written; add --apply to publish.")
            return
        version = rates.publish(plan=plan, items=items, effective_at=effective_at, by=None, at=at)
        self.stdout.write(f"Published version {version.pk} with {len(items)} prices.")


def _text(micro: int | None) -> str:
    return "–" if micro is None else money.to_decimal_string(micro)
