"""What a second person decides, they decide as themselves: a factor used just now, or the page that asks for it."""

from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from accounts import grants, reauth, seconding
from accounts.models import StaffGrant, StaffProposal, User
from smsplatform.lib import clock
from smsplatform.lib.tenancy import scope
from smsplatform.lib.tenancy import staff as doors
from smsplatform.lib.tenancy.staff import Level
from tests.factories import pages, staff
from tests.privacy import test_disclosures as disclosures

GRANTS = "/staff/grants"


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """Something that waits for ``second``: where it is decided, and where the button is."""

    second: User
    path: str
    page: str
    decided: Any
    sent: dict[str, str]


@pytest.fixture(scope="module")
def shop() -> pages.Shop:
    return pages.shop()


def content(shop: pages.Shop) -> Waiting:
    grant = staff.grant(shop.workspace.id, user := staff.member(), Level.IDENTIFIERS)
    with doors.console():
        grants.ask_for_content(grant=grant, by=user, at=clock.now())

    def decided() -> bool:
        with scope.workspace(shop.workspace.id):
            return StaffGrant.objects.get(pk=grant.pk).approved_by is not None

    path = f"/staff/grants/{grant.public_id}/approve"
    return Waiting(second=staff.member("admin"), path=path, page=GRANTS, decided=decided, sent={})


def proposal(shop: pages.Shop) -> Waiting:
    grant = staff.grant(shop.workspace.id, user := staff.member())
    chosen = {"livemode": False, "wanted": {"since": "2026-01-01", "until": "2026-01-02"}, "format": "csv"}
    made = seconding.ask(kind="export", grant=grant, by=user, at=clock.now(), chosen=chosen)

    def asked() -> StaffProposal:
        with scope.workspace(shop.workspace.id):
            return StaffProposal.objects.get(pk=made.pk)

    path = f"/staff/proposals/{made.public_id}"
    return Waiting(
        second=staff.member("admin"), path=path, page=GRANTS, decided=lambda: asked().agreed is not None,
        sent={"decision": "agree"},
    )  # fmt: skip


def disclosure(shop: pages.Shop) -> Waiting:
    first, second = staff.member("admin"), staff.member("admin")
    desk = disclosures.Desk(first=first, second=second, shop=shop, mine="", other="")
    case = disclosures.told(desk, ground="emergency")
    page = f"/staff/disclosures/{case}"
    return Waiting(
        second=second, path=f"{page}/approve", page=page, sent={},
        decided=lambda: disclosures.fresh(case).approved_by is not None,
    )  # fmt: skip


KINDS = pytest.mark.parametrize("made", [content, proposal, disclosure], ids=["content", "proposal", "disclosure"])


@KINDS
def test_whoever_used_no_factor_just_now_is_asked_and_nothing_is_decided(made: Any, shop: pages.Shop) -> None:
    waiting = made(shop)
    browser = pages.verified(waiting.second)

    asked = browser.post(waiting.path, waiting.sent)

    assert asked.status_code == 302
    assert asked["Location"].startswith("/account/confirm?next=")
    assert not waiting.decided()
    page = browser.get(asked["Location"]).content.decode()
    assert "nothing was decided yet" in page
    assert 'name="password"' not in page


@KINDS
def test_who_confirms_comes_back_and_decides_once(made: Any, shop: pages.Shop) -> None:
    waiting = made(shop)
    browser = pages.verified(waiting.second)
    code = staff.device(waiting.second).code(clock.now())

    back = browser.post("/account/confirm", {"code": code, "factor": "1", "next": waiting.page})

    assert back["Location"] == waiting.page
    assert f"code-{waiting.path.split('/')[-2]}" not in browser.get(waiting.page).content.decode()
    browser.post(waiting.path, waiting.sent)
    assert waiting.decided()
    assert reauth.FACTOR not in browser.session


@KINDS
def test_a_wrong_code_decides_nothing_and_leads_back(made: Any, shop: pages.Shop) -> None:
    waiting = made(shop)
    browser = pages.verified(waiting.second)

    answer = browser.post(waiting.path, {**waiting.sent, "code": "000000"})

    assert answer["Location"] == waiting.page
    assert "This code is not right" in browser.get(waiting.page).content.decode()
    assert not waiting.decided()


@KINDS
def test_a_factor_of_longer_ago_counts_for_nothing(made: Any, shop: pages.Shop) -> None:
    waiting = made(shop)
    browser = pages.verified(waiting.second)
    _note(browser, (clock.now() - grants.FACTOR_FRESH).isoformat())

    assert browser.post(waiting.path, waiting.sent)["Location"].startswith("/account/confirm?")
    assert not waiting.decided()


@KINDS
def test_the_code_sent_along_is_enough(made: Any, shop: pages.Shop) -> None:
    waiting = made(shop)
    code = staff.device(waiting.second).code(clock.now())

    pages.verified(waiting.second).post(waiting.path, {**waiting.sent, "code": code})

    assert waiting.decided()


def test_a_password_is_no_second_factor(shop: pages.Shop) -> None:
    browser = pages.verified(staff.member("admin"))

    answer = browser.post("/account/confirm", {"password": pages.PASSWORD, "factor": "1", "next": GRANTS})

    assert answer.status_code == 422
    assert reauth.FACTOR not in browser.session


def test_declining_asks_for_nothing(shop: pages.Shop) -> None:
    waiting = proposal(shop)

    pages.verified(waiting.second).post(waiting.path, {"decision": "decline"})

    assert waiting.decided()


def _note(browser: Client, said: str) -> None:
    session = browser.session
    session[reauth.FACTOR] = said
    session.save()
