import uuid
from collections.abc import Sequence
from typing import Any

import pytest
from django.test import Client

from accounts import keys, provisioning
from accounts.models import Workspace
from accounts.roles import Scope
from billing import ledger, rates
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope
from tests.billing.conftest import new_ids


@pytest.fixture
def workspace() -> Workspace:
    at = clock.now()
    owner = provisioning.create_user(email=f"{uuid.uuid4().hex}@example.org", password="correct horse battery", at=at)
    return provisioning.create_workspace(name="Acme", owner=owner, price_plan_id=rates.DEFAULT_PLAN, at=at)


def client(workspace: Workspace, *, livemode: bool = True, scopes: Sequence[str] = (Scope.BILLING_READ,)) -> Client:
    with scope.workspace(workspace.id):
        _, secret = keys.create(
            workspace=workspace, name="test", livemode=livemode, scopes=scopes, by=None, at=clock.now()
        )
    return Client(headers={"Authorization": f"Bearer {secret}"})


def wallet(workspace: Workspace, amount: int, *, livemode: bool = True) -> uuid.UUID:
    opened = ledger.open_wallet(workspace=workspace.id, currency="EUR", livemode=livemode)
    source = ledger.Source.CARD if livemode else ledger.Source.TEST_FUNDS
    ledger.top_up(id=ids.uuid7(), wallet=opened, amount=amount, source=source, at=clock.now())
    return opened


def read(caller: Client, path: str) -> dict[str, Any]:
    response = caller.get(path)
    assert response.status_code == 200, response.content
    body: dict[str, Any] = response.json()
    return body


def test_a_key_sees_the_wallet_of_its_mode(workspace: Workspace) -> None:
    wallet(workspace, 12_345_678)
    wallet(workspace, 500_000, livemode=False)

    live = read(client(workspace), "/v1/balance")
    test = read(client(workspace, livemode=False), "/v1/balance")

    assert live == {
        "object": "balance",
        "livemode": True,
        "currency": "EUR",
        "posted": "12.345678",
        "held": "0.00",
        "available": "12.345678",
        "frozen": False,
    }
    assert (test["livemode"], test["available"]) == (False, "0.50")


@pytest.mark.parametrize("path", ["/v1/balance", "/v1/ledger_entries"])
def test_a_key_without_the_scope_and_no_key_are_refused(workspace: Workspace, path: str) -> None:
    assert client(workspace, scopes=[Scope.MESSAGES_READ]).get(path).status_code == 403
    assert Client().get(path).status_code == 401


@pytest.mark.parametrize("path", ["/v1/balance", "/v1/ledger_entries"])
def test_questions_about_money_count_as_requests(workspace: Workspace, path: str) -> None:
    answer = client(workspace).get(path)

    assert answer["RateLimit-Policy"].startswith('"api";q=')
    assert answer["RateLimit"].startswith('"api";r=')


def test_the_statement_pages_newest_first_and_shows_a_late_refund_on_top(workspace: Workspace) -> None:
    own = wallet(workspace, 1_000_000)
    messages = new_ids(3)
    ledger.charge(ids=messages, wallets=[own] * 3, amounts=[75_000, 8_200, 1], at=clock.now())
    ledger.refund(ids=messages[:1], at=clock.now())
    caller = client(workspace)

    first = read(caller, "/v1/ledger_entries?limit=3")
    second = read(caller, f"/v1/ledger_entries?limit=3&cursor={first['next_cursor']}")

    entries = first["data"] + second["data"]
    assert [(e["kind"], e["amount"], e["balance_after"], e["sequence"]) for e in entries] == [
        ("refund", "0.075", "0.991799", 5),
        ("charge", "-0.000001", "0.916799", 4),
        ("charge", "-0.0082", "0.9168", 3),
        ("charge", "-0.075", "0.925", 2),
        ("top_up", "1.00", "1.00", 1),
    ]
    assert (first["has_more"], second["has_more"], second["next_cursor"]) == (True, False, None)
    assert entries[0]["message"] == entries[3]["message"] == ids.encode(ids.MESSAGE, messages[0])
    assert entries[4]["message"] is None
    assert len({e["id"] for e in entries}) == 5


def test_a_stranger_sees_nothing_of_it(workspace: Workspace) -> None:
    own = wallet(workspace, 1_000_000)
    stranger = provisioning.create_workspace(
        name="Other",
        owner=provisioning.create_user(
            email=f"{uuid.uuid4().hex}@example.org", password="correct horse battery", at=clock.now()
        ),
        price_plan_id=rates.DEFAULT_PLAN,
        at=clock.now(),
    )

    assert read(client(stranger), "/v1/ledger_entries")["data"] == []
    assert read(client(stranger), "/v1/balance")["available"] == "0.00"
    assert own != ledger.wallet_id(workspace=stranger.id, currency="EUR", livemode=True)


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "cursor=x", "cursor=AAAAAAAAAAAAAAAAAAAAA"])
def test_bad_page_parameters_are_refused(workspace: Workspace, query: str) -> None:
    assert client(workspace).get(f"/v1/ledger_entries?{query}").status_code in (400, 422)
