from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.models import Workspace
from billing import funding, ledger
from smsplatform.lib import clock, ids, money, wallets


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
        parser.add_argument("--wallet", help="0x… the deposit came from; later its owner can show who they are by it")

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
        address = _address(options)
        wallet = ledger.open_wallet(workspace=workspace, currency=options["currency"], livemode=not options["test"])
        at, payment = clock.now(), ids.uuid7()
        with transaction.atomic(using="system"):
            balance = ledger.top_up(id=payment, wallet=wallet, amount=amount, source=_source(options), at=at)
            if address:
                funding.record(transfer=payment, workspace=workspace, address=address, at=at)
        self.stdout.write(f"Balance {money.format_micro(balance, options['currency'])}")


def _address(options: dict[str, Any]) -> str:
    if not options["wallet"]:
        return ""
    if options["test"] or options["promo"]:
        raise CommandError("A wallet is noted only with money that came from it: leave --test and --promo away.")
    try:
        return wallets.address(options["wallet"])
    except wallets.InvalidAddress:
        raise CommandError("The wallet is 0x and 40 digits; its checksum does not fit. Copy it again.") from None


def _source(options: dict[str, Any]) -> ledger.Source:
    if options["test"]:
        return ledger.Source.TEST_FUNDS
    if options["promo"]:
        return ledger.Source.PROMO
    return ledger.Source.CRYPTO if options["wallet"] else ledger.Source.MANUAL
