from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import Workspace
from billing import ledger
from smsplatform.lib import clock, ids, money


class Command(BaseCommand):
    """``manage.py topup wsp_… 50 --currency EUR``: money received outside the system, or test money."""

    help = "Credit a workspace's wallet by hand."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which wallet, how much."""
        parser.add_argument("workspace", help="wsp_…")
        parser.add_argument("amount", help="decimal, such as 50 or 12.50")
        parser.add_argument("--currency", default="EUR")
        parser.add_argument("--test", action="store_true", help="test money, for the test wallet")
        parser.add_argument("--promo", action="store_true", help="given, not received")

    def handle(self, *args: Any, **options: Any) -> None:
        """Open the wallet when missing, credit it, print the balance."""
        try:
            workspace = ids.decode(ids.WORKSPACE, options["workspace"])
            amount = money.parse(options["amount"])
        except ValueError as error:
            raise CommandError(str(error)) from None
        if amount <= 0:
            raise CommandError("The amount must be above zero.")
        if not Workspace.objects.using("system").filter(pk=workspace).exists():
            raise CommandError("There is no such workspace.")
        source = ledger.Source.PROMO if options["promo"] else ledger.Source.MANUAL
        wallet = ledger.open_wallet(workspace=workspace, currency=options["currency"], livemode=not options["test"])
        balance = ledger.top_up(
            id=ids.uuid7(),
            wallet=wallet,
            amount=amount,
            source=ledger.Source.TEST_FUNDS if options["test"] else source,
            at=clock.now(),
        )
        self.stdout.write(f"Balance {money.format_micro(balance, options['currency'])}")
