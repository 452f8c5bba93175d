"""Showing who one is by a signature of the wallet that paid, and every way to get that wrong or to abuse it."""

import datetime as dt
import html
import logging
import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client, override_settings

from accounts import provisioning
from accounts.models import Membership, User
from accounts.roles import Role
from billing import rates
from billing.models import FundingWallet
from privacy.models import DataRequest, IdentityProof
from privacy.models.data_request import State
from privacy.requests import wallets
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope
from tests.factories import pages
from tests.factories.requests import a_visitor
from tests.factories.wallets import Wallet, malleated

ASK, SIGN = "/privacy/requests?who=account_holder", "/privacy/requests/wallet"


def paid(wallet: Wallet) -> User:
    """The owner of a workspace that this wallet paid for."""
    owner, _ = pages.person()
    made = provisioning.create_workspace(name="Acme", owner=owner, price_plan_id=rates.DEFAULT_PLAN, at=clock.now())
    call_command("topup", ids.encode(ids.WORKSPACE, made.pk), "5", "--wallet", wallet.address.lower())
    return owner


def asked(wallet: Wallet, kind: str = "access") -> Client:
    """A browser in which the text to sign waits."""
    browser = Client(REMOTE_ADDR=a_visitor())
    answer = browser.post(ASK, {"kind": kind, "wallet": wallet.address})
    assert answer["Location"] == SIGN, answer.content
    return browser


def text_of(browser: Client) -> str:
    """What the page asks to sign, as somebody copies it."""
    page = browser.get(SIGN).content.decode()
    found = re.search(r"<pre[^>]*>(.*?)</pre>", page, re.DOTALL)
    assert found
    return html.unescape(found[1])


def give(browser: Client, signature: str) -> Any:
    return browser.post(SIGN, {"signature": signature})


def told(answer: Any) -> list[str]:
    """The status and what the page says is wrong."""
    return [str(answer.status_code), *re.findall(r'<p class="error">.*?<span>(.*?)</span>', answer.content.decode())]


def refused(wallet: Wallet) -> list[str]:
    """What whoever cannot sign for a wallet is told."""
    browser = asked(wallet)
    return told(give(browser, Wallet().sign(text_of(browser))))


@pytest.fixture(scope="module")
def payer() -> tuple[Wallet, User]:
    wallet = Wallet()
    return wallet, paid(wallet)


@pytest.mark.promise("transit-83")
def test_the_owner_of_the_wallet_that_paid_gets_their_data() -> None:
    wallet = Wallet()
    owner = paid(wallet)
    browser = asked(wallet)

    answer = give(browser, wallet.sign(text_of(browser)))

    assert answer.status_code == 302
    page = browser.get(answer["Location"]).content.decode()
    request = DataRequest.objects.get(user_id=owner.pk)
    assert (request.state, request.proof) == (State.EXECUTING, "wallet")
    assert "Shown by a signature of the wallet that paid" in page
    assert Client().get(answer["Location"]).status_code == 404


def test_the_text_names_this_site_the_wallet_and_a_nonce(payer: tuple[Wallet, User]) -> None:
    wallet, _ = payer
    with override_settings(BASE_URL="https://sms.example.org/"):
        lines = text_of(asked(wallet)).split("\n")

    assert lines[:2] == ["sms.example.org wants you to sign in with your Ethereum account:", wallet.address]
    assert (lines[2], lines[4], lines[6], lines[7]) == ("", "", "Version: 1", "Chain ID: 1")
    assert lines[5] == "URI: https://sms.example.org/privacy/requests"
    assert re.fullmatch(r"Nonce: [0-9a-f]{32}", lines[8])
    issued, expires = (dt.datetime.fromisoformat(line.split(": ")[1]) for line in lines[9:11])
    assert expires - issued == wallets.KEPT
    assert len({text_of(asked(wallet)) for _ in range(3)}) == 3


@pytest.mark.promise("transit-83")
def test_a_signature_counts_once(payer: tuple[Wallet, User]) -> None:
    wallet, _ = payer
    browser = asked(wallet)
    signature = wallet.sign(text_of(browser))
    assert give(browser, signature).status_code == 302

    again = asked(wallet)
    replayed = give(again, signature)

    assert told(replayed) == refused(Wallet())
    assert give(browser, signature)["Location"] == "/privacy/requests/find"


@pytest.mark.promise("transit-83")
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda text: text.replace("Chain ID: 1", "Chain ID: 137"), id="chain"),
        pytest.param(lambda text: re.sub(r"^\S+ wants", "evil.example wants", text), id="domain"),
        pytest.param(lambda text: re.sub("0x[0-9a-fA-F]{40}", Wallet().address, text), id="address"),
        pytest.param(lambda text: re.sub("Nonce: .*", "Nonce: 00000000", text), id="nonce"),
        pytest.param(lambda text: re.sub("Expiration Time: 2", "Expiration Time: 3", text), id="expiry"),
        pytest.param(lambda text: text + "\n", id="a line more"),
        pytest.param(str.lower, id="in small letters"),
    ],
)
def test_a_signature_of_another_text_is_refused(payer: tuple[Wallet, User], change: Callable[[str], str]) -> None:
    wallet, _ = payer
    browser = asked(wallet)
    text = text_of(browser)
    assert change(text) != text

    assert told(give(browser, wallet.sign(change(text)))) == refused(Wallet())


@pytest.mark.promise("transit-83")
def test_the_malleable_twin_of_a_signature_is_refused(payer: tuple[Wallet, User]) -> None:
    wallet, _ = payer
    browser = asked(wallet)
    signature = wallet.sign(text_of(browser))

    assert told(give(browser, malleated(signature))) == refused(Wallet())
    assert give(browser, signature).status_code == 302


def test_nobody_learns_whether_a_wallet_paid_here(payer: tuple[Wallet, User]) -> None:
    known, stranger = asked(payer[0]), asked(Wallet())
    shapes = [re.sub(r"0x\w{40}|[0-9a-f-]{32,36}|\d\d:\d\d(:\d\d)?", "…", text_of(one)) for one in (known, stranger)]

    assert shapes[0] == shapes[1]
    assert refused(payer[0]) == refused(Wallet())


@pytest.mark.promise("transit-83")
def test_a_wallet_that_paid_for_nothing_or_for_several_workspaces_shows_nobody() -> None:
    shared, stranger = Wallet(), Wallet()
    owners = [paid(shared), paid(shared)]
    answers = []
    for wallet in (shared, stranger):
        browser = asked(wallet)
        answers.append(told(give(browser, wallet.sign(text_of(browser)))))
        assert browser.get("/privacy/requests/mine").status_code == 302

    assert answers == [refused(shared)] * 2
    assert not DataRequest.objects.filter(user_id__in=[owner.pk for owner in owners]).exists()


def test_a_workspace_of_two_owners_is_nobodys_alone() -> None:
    wallet, (second, _) = Wallet(), pages.person()
    paid(wallet)
    workspace = FundingWallet.objects.using("system").order_by("-at").values_list("workspace_id", flat=True)[0]
    with scope.workspace(workspace):
        Membership.objects.create(workspace_id=workspace, user=second, role=Role.OWNER)
    browser = asked(wallet)

    assert told(give(browser, wallet.sign(text_of(browser)))) == refused(Wallet())


def test_the_text_is_over_after_a_quarter_of_an_hour(payer: tuple[Wallet, User]) -> None:
    wallet, _ = payer
    browser = asked(wallet)
    signature = wallet.sign(text_of(browser))

    with time_machine.travel(clock.now() + wallets.KEPT):
        assert give(browser, signature)["Location"] == "/privacy/requests/find"


def test_the_fifth_wrong_signature_ends_it(payer: tuple[Wallet, User]) -> None:
    wallet, _ = payer
    browser = asked(wallet)
    text = text_of(browser)
    for _ in range(5):
        assert give(browser, Wallet().sign(text)).status_code == 422

    assert give(browser, wallet.sign(text))["Location"] == "/privacy/requests/find"


def test_another_browser_cannot_sign_for_this_one(payer: tuple[Wallet, User]) -> None:
    wallet, _ = payer
    browser, thief = asked(wallet), asked(Wallet())

    assert told(give(thief, wallet.sign(text_of(browser)))) == refused(Wallet())
    assert Client().post(SIGN, {"signature": wallet.sign(text_of(browser))})["Location"] == "/privacy/requests/find"


@pytest.mark.parametrize("signature", ["", "0x", "0x12", "hello", "0x" + "f" * 132, "x" * 5000, "0x" + "00" * 65])
def test_what_is_no_signature_gets_an_answer_and_no_fault(signature: str) -> None:
    assert give(asked(Wallet()), signature).status_code == 422


@pytest.mark.parametrize("address", ["0x", "0x123", "vitalik.eth", "0x" + "g" * 40])
def test_what_is_no_address_keeps_what_was_typed(address: str) -> None:
    answer = Client(REMOTE_ADDR=a_visitor()).post(ASK, {"kind": "access", "wallet": address})

    assert answer.status_code == 422
    assert f'value="{address}"' in answer.content.decode()


def test_many_tries_of_one_network_wait(payer: tuple[Wallet, User]) -> None:
    network = a_visitor()
    answers = []
    for _ in range(3):
        browser = Client(REMOTE_ADDR=network)
        browser.post(ASK, {"kind": "access", "wallet": payer[0].address})
        answers += [give(browser, Wallet().sign(uuid4().hex)).status_code for _ in range(5)]

    assert answers[0] == 422
    assert 429 in answers


def test_neither_address_nor_signature_is_written_to_a_log(
    payer: tuple[Wallet, User], caplog: pytest.LogCaptureFixture
) -> None:
    wallet, _ = payer
    with caplog.at_level(logging.DEBUG):
        browser = asked(wallet)
        signature = wallet.sign(text_of(browser))
        give(browser, malleated(signature))
        give(browser, signature)

    written = caplog.text.lower()
    assert wallet.address.lower() not in written
    assert signature.lower() not in written
    assert signature[2:] not in written
    stored = IdentityProof.objects.filter(kind="wallet").values_list("identity", flat=True).latest("id")
    assert wallet.address.encode() not in bytes(stored)
