import datetime as dt
import io
import re
import socket
import uuid

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from accounts import provisioning
from billing import funding, ledger, rates, upkeep
from billing.models import FundingWallet, Transfer
from privacy import registry
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope
from tests.factories.wallets import Wallet


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("topup", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def workspace() -> uuid.UUID:
    at = clock.now()
    owner = provisioning.create_user(email=f"{uuid.uuid4().hex}@example.org", password="correct horse battery", at=at)
    return provisioning.create_workspace(name="Acme", owner=owner, price_plan_id=rates.DEFAULT_PLAN, at=at).id


def test_money_received_by_hand_is_credited(workspace: uuid.UUID) -> None:
    run(ids.encode(ids.WORKSPACE, workspace), "12.50")
    answer = run(ids.encode(ids.WORKSPACE, workspace), "0.5", "--promo")
    run(ids.encode(ids.WORKSPACE, workspace), "3", "--test")

    assert "13.00" in answer
    assert ledger.balance(workspace=workspace, currency="EUR", livemode=True).posted == 13_000_000
    assert ledger.balance(workspace=workspace, currency="EUR", livemode=False).posted == 3_000_000


@pytest.mark.parametrize("amount", ["0", "1e3", "a lot", "0.0000001"])
def test_what_is_no_amount_is_refused(workspace: uuid.UUID, amount: str) -> None:
    with pytest.raises(CommandError):
        run(ids.encode(ids.WORKSPACE, workspace), amount)


def test_only_workspaces_that_exist_are_credited() -> None:
    with pytest.raises(CommandError, match="no such workspace"):
        run(ids.encode(ids.WORKSPACE, uuid.uuid4()), "1")
    with pytest.raises(CommandError):
        run("acme", "1")


@pytest.mark.promise("transit-07")
def test_the_wallet_that_a_deposit_came_from_is_in_the_books_with_it(workspace: uuid.UUID) -> None:
    wallet = Wallet()

    run(ids.encode(ids.WORKSPACE, workspace), "5", "--wallet", wallet.address)

    with scope.workspace(workspace):
        noted = FundingWallet.objects.get()
        deposit = Transfer.objects.get(id=noted.id)
    assert (noted.address, deposit.amount, deposit.workspace_id) == (wallet.address, 5_000_000, workspace)
    assert funding.workspace_of(wallet.address) == workspace


@pytest.mark.parametrize("address", ["0x12", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1Beaed", "5aAeb6053F3E94C9b9A09f336"])
def test_a_mistyped_wallet_is_refused_before_money_moves(workspace: uuid.UUID, address: str) -> None:
    with pytest.raises(CommandError, match="checksum"):
        run(ids.encode(ids.WORKSPACE, workspace), "5", "--wallet", address)

    assert ledger.balance(workspace=workspace, currency="EUR", livemode=True).posted == 0


@pytest.mark.promise("transit-08")
def test_wallets_serve_the_books_and_the_prevention_of_fraud_alone() -> None:
    policy = registry.policy_of(FundingWallet)

    assert set(policy.activities) == {"bill", "secure_platform"}
    readers = {
        path.relative_to(settings.ROOT).as_posix()
        for app in ("accounts", "billing", "messaging", "privacy", "smsplatform")
        for path in (settings.ROOT / app).rglob("*.py")
        if re.search(r"FundingWallet|billing_funding_wallet|funded_by", path.read_text())
    }
    assert {path for path in readers if not path.startswith(("billing/migrations/", "billing/models/"))} == {
        "billing/funding.py",
        "billing/personal_data.py",
        "billing/upkeep.py",
    }


@pytest.mark.promise("transit-09")
def test_a_deposit_asks_nobody_else(workspace: uuid.UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    reach = socket.socket.connect

    def connect(self: socket.socket, place: object) -> None:
        asked.append(place)
        reach(self, place)  # type: ignore[arg-type]  # whatever the caller gave

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *given, **more: pytest.fail("somebody's name was looked up"))

    run(ids.encode(ids.WORKSPACE, workspace), "5", "--wallet", Wallet().address)

    assert [place for place in asked if not str(place).startswith(("/", "('127.", "('::1"))] == []


@pytest.mark.parametrize("given", ["--test", "--promo"])
def test_a_gift_makes_nobody_a_payer(workspace: uuid.UUID, given: str) -> None:
    wallet = Wallet()

    with pytest.raises(CommandError, match="came from it"):
        run(ids.encode(ids.WORKSPACE, workspace), "5", "--wallet", wallet.address, given)

    assert funding.workspace_of(wallet.address) is None


def test_wallets_are_forgotten_with_the_books(workspace: uuid.UUID) -> None:
    wallet, at = Wallet(), clock.now()
    old, young = ids.uuid7(), ids.uuid7()
    for transfer, age in ((old, 8 * 366), (young, 6 * 365)):
        funding.record(
            transfer=transfer, workspace=workspace, address=wallet.address, at=at - dt.timedelta(days=age)
        )  # fmt: skip

    upkeep.purge_wallets(at=at)

    with scope.workspace(workspace):
        assert list(FundingWallet.objects.values_list("id", flat=True)) == [young]
