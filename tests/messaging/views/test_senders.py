import html
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.roles import Role
from messaging import provisioning, sender_rules
from messaging.models import Sender
from messaging.views.senders import suggestions
from privacy.models import AuditEvent
from smsplatform import regions
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope
from tests.factories import accounts, messaging, pages
from tests.factories.accounts import Api, World


@pytest.fixture(scope="module")
def world() -> World:
    return accounts.make_workspace()


@pytest.fixture
def browser(world: World) -> Client:
    return pages.client(world.owner)


def row(world: World, address: str) -> Sender:
    with scope.workspace(world.id):
        return next(sender for sender in Sender.objects.all() if sender.address == address)


def register(world: World, address: str, **fields: Any) -> Sender:
    with scope.workspace(world.id):
        return provisioning.register_sender(
            workspace=world.id, address=address, by=world.owner.id, at=clock.now(), **fields
        )


def path_of(sender: Sender) -> str:
    return f"/senders/{ids.encode(ids.SENDER, sender.id)}"


def send(world: World, address: str, *, live: bool = False) -> tuple[int, str]:
    answer = world.api(live=live).post("/v1/messages", {"to": messaging.TO, "body": "x", "from": address})
    return answer.status_code, answer.json().get("code", "")


@pytest.mark.promise("transit-13")
def test_a_registered_sender_works_in_test_mode_at_once_and_live_after_approval(world: World, browser: Client) -> None:
    answer = browser.post("/senders/new", {"address": "Parcels", "purpose": "Tell people of parcels", "example": "Hi"})

    assert answer.status_code == 302
    sender = row(world, "Parcels")
    assert (sender.state, sender.purpose) == ("review", "Tell people of parcels")
    assert send(world, "Parcels") == (202, "")
    assert send(world, "Parcels", live=True) == (422, "sender_not_approved")
    call_command("sender", "approve", ids.encode(ids.WORKSPACE, world.id), ids.encode(ids.SENDER, sender.id))
    assert send(world, "Parcels", live=True) == (202, "")


def test_a_sender_that_was_withdrawn_is_refused_in_both_modes(world: World) -> None:
    sender = register(world, "Cached", approved=True)
    assert send(world, "Cached", live=True) == (202, "")
    with scope.workspace(world.id):
        provisioning.withdraw_sender(sender=sender, by=None, at=clock.now())

    assert send(world, "Cached") == (422, "invalid_sender")


def test_without_a_purpose_it_is_a_draft_until_its_review_is_asked_for(world: World, browser: Client) -> None:
    browser.post("/senders/new", {"address": "Drafty"})
    sender = row(world, "Drafty")
    assert sender.state == "draft"

    empty = browser.post(path_of(sender), {"purpose": ""})
    asked = browser.post(path_of(sender), {"purpose": "Codes for signing in"})

    assert (empty.status_code, asked.status_code) == (422, 302)
    assert row(world, "Drafty").state == "review"


def test_a_rejection_says_why_and_can_be_answered(world: World, browser: Client) -> None:
    sender = register(world, "Bank", purpose="x")
    names = (ids.encode(ids.WORKSPACE, world.id), ids.encode(ids.SENDER, sender.id))

    with pytest.raises(CommandError, match="Say why"):
        call_command("sender", "reject", *names)
    call_command("sender", "reject", *names, "--reason", "Not your name.")

    assert "Not your name." in browser.get(path_of(sender)).content.decode()
    assert send(world, "Bank") == (422, "sender_not_approved")
    browser.post(path_of(sender), {"purpose": "It is: here is the register entry."})
    assert (row(world, "Bank").state, row(world, "Bank").reason) == ("review", None)


def test_a_withdrawn_sender_is_gone_and_may_come_back(world: World, browser: Client) -> None:
    sender = register(world, "Seasonal", approved=True)

    browser.post(f"{path_of(sender)}/withdraw")

    assert send(world, "Seasonal")[0] == 422
    assert browser.get(path_of(sender)).status_code == 404
    assert "Seasonal" not in browser.get("/senders").content.decode().replace("Seasonal is withdrawn", "")
    browser.post("/senders/new", {"address": "Seasonal"})
    back = row(world, "Seasonal")
    assert (back.id, back.state) == (sender.id, "draft")


def test_one_sender_is_the_default(world: World, browser: Client) -> None:
    sender = register(world, "NewFirst", approved=True)

    browser.post(f"{path_of(sender)}/default")

    with scope.workspace(world.id):
        assert [each.address for each in Sender.objects.filter(is_default=True)] == ["NewFirst"]
        provisioning.make_default(sender=world.sender, by=None, at=clock.now())


@pytest.mark.parametrize(
    "address", ["", "AB", "Way too long name", "Grüße", "日本語", "A\tBC", " ", "12", "123456789", "+12", "a`bc"]
)
def test_what_can_be_no_sender_is_refused_with_a_reason(browser: Client, address: str) -> None:
    answer = browser.post("/senders/new", {"address": address, "purpose": "Kept words"})

    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.content.decode()
    assert "Kept words" in answer.content.decode()


@pytest.mark.parametrize(
    ("address", "kept", "kind"),
    [("A1b", "A1b", "alphanumeric"), ("My Shop-24", "My Shop-24", "alphanumeric"), ("12345", "12345", "short_code"),
     ("+49 151 2345 6700", "+4915123456700", "number"), ("0049 151 23456701", "+4915123456701", "number")],
)  # fmt: skip
def test_names_numbers_and_short_codes_are_senders(
    world: World, browser: Client, address: str, kept: str, kind: str
) -> None:
    assert browser.post("/senders/new", {"address": address}).status_code == 302
    assert row(world, kept).kind == kind


def test_the_same_sender_is_registered_once(world: World, browser: Client) -> None:
    register(world, "Twice")

    answer = browser.post("/senders/new", {"address": "Twice"})

    assert answer.status_code == 422
    assert "has this sender already" in answer.content.decode()


def test_what_is_done_to_a_sender_is_on_record(world: World) -> None:
    sender = register(world, "Audited", purpose="x")
    with scope.workspace(world.id):
        provisioning.decide_sender(sender=sender, approved=True, by=None, at=clock.now())
        provisioning.withdraw_sender(sender=sender, by=world.owner.id, at=clock.now())

        found = AuditEvent.objects.filter(details__sender=str(sender.id)).order_by("id")
        actions = [event.action for event in found]
    assert actions == ["user:sender:registered", "staff:sender:approved", "user:sender:withdrawn"]


def test_viewers_see_senders_and_change_none(world: World) -> None:
    viewer = pages.client(accounts.make_member(world, Role.VIEWER)[0])
    sender = register(world, "Seen", purpose="x")

    assert "Seen" in viewer.get("/senders").content.decode()
    refused = [viewer.post("/senders/new", {"address": "Mine"}), viewer.post(f"{path_of(sender)}/withdraw"),
               viewer.post(f"{path_of(sender)}/default")]  # fmt: skip
    assert [answer.status_code for answer in refused] == [403] * 3
    viewer.post(path_of(sender), {"purpose": "changed"})
    assert row(world, "Seen").purpose == "x"


def test_programs_register_read_and_withdraw_senders(world: World) -> None:
    api = Api(world.test_key)

    made = api.post("/v1/senders", {"address": "ByApi", "purpose": "Codes"})
    again = api.post("/v1/senders", {"address": "ByApi"})
    wrong = api.post("/v1/senders", {"address": "Grüße"})
    path = f"/v1/senders/{made.json()['id']}"

    assert (made.status_code, made.json()["state"]) == (201, "review")
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid_sender")
    assert api.get(path).json() == made.json()
    stranger = accounts.make_workspace(funds=0).api()
    assert stranger.get(path).status_code == stranger.delete(path).status_code == 404
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == 404


def test_the_page_says_what_a_sender_can_reach(world: World, browser: Client) -> None:
    page = html.unescape(browser.get(path_of(register(world, "Reach"))).content.decode())

    for words in ("Germany", "United States", "Replaced by a number", "Register first"):
        assert words in page


def test_every_rule_names_a_country_once() -> None:
    known = dict(regions.choices("en"))

    assert len(sender_rules.RULES) >= 25
    assert len(sender_rules.BY_COUNTRY) == len(sender_rules.RULES)
    assert set(sender_rules.BY_COUNTRY) <= set(known)


def test_suggestions_are_senders_made_from_the_name() -> None:
    assert suggestions("Acme Shop") == ["AcmeShop", "Acme", "ACMESHOP"]
    assert suggestions("Söhne & Café") == ["SoehneCafe", "Soehne", "SOEHNECAFE"]
    assert suggestions("42") == []
    assert suggestions("") == []
