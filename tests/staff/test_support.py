"""Support from the side of staff: a queue without words, threads under a grant, each look written down."""

import datetime as dt

import pytest
from django.db import DatabaseError
from django.test import Client

from accounts import support
from accounts.looks import LOOKED
from accounts.models import SupportThread
from accounts.support import State
from privacy import keyring
from privacy.models import AuditEvent
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope
from smsplatform.lib.tenancy import staff as doors
from smsplatform.lib.tenancy.staff import Level
from tests.factories import pages, staff
from tests.factories import support as cases
from tests.factories.superuser import superuser


@pytest.fixture(scope="module")
def shop() -> pages.Shop:
    return pages.shop()


def here(shop: pages.Shop, thread: SupportThread) -> str:
    return f"/staff/workspaces/{ids.encode(ids.WORKSPACE, shop.workspace.pk)}/support/{thread.number}"


def records(shop: pages.Shop) -> int:
    with scope.workspace(shop.workspace.pk):
        return AuditEvent.objects.filter(workspace_id=shop.workspace.pk, action=LOOKED).count()


def fresh(shop: pages.Shop, thread: SupportThread) -> SupportThread:
    with scope.workspace(shop.workspace.pk):
        return SupportThread.objects.get(pk=thread.pk)


def first_in_queue(thread: SupportThread) -> None:
    with superuser() as connection:
        connection.execute(
            "UPDATE accounts_support_thread SET asked_at = asked_at - interval '3 days' WHERE id = %s", [thread.pk]
        )


@pytest.mark.promise("fleet-28", "otp-20")
def test_the_queue_says_who_waits_and_not_a_word_of_what_for(shop: pages.Shop) -> None:
    thread, browser = cases.thread(shop.workspace, shop.owner), pages.verified(staff.member())
    first_in_queue(thread)
    before = records(shop)

    page = browser.get("/staff/support").content.decode()

    assert thread.number in page
    assert shop.workspace.name in page
    assert "Delivery of messages" in page
    assert f"/access?ticket={thread.number}" in page
    assert "badge bad" in page  # an answer was promised in two days
    assert cases.SUBJECT not in page
    assert "+4915123456789" not in page
    assert shop.email not in page
    assert records(shop) == before
    assert thread.number not in browser.get("/staff/support?state=resolved").content.decode()
    assert browser.get("/staff/support?state=nonsense").status_code == 404


def test_the_queue_is_not_for_auditors_and_not_there_for_customers(shop: pages.Shop) -> None:
    assert pages.verified(staff.member("auditor")).get("/staff/support").status_code == 403
    assert pages.client(shop.owner).get("/staff/support").status_code == 404


@pytest.mark.promise("fleet-28", "transit-100", "transit-101")
def test_a_thread_opens_at_the_level_of_identifiers_and_every_look_is_written_down_and_told() -> None:
    shop, member = pages.shop(), staff.member()
    thread, browser = cases.thread(shop.workspace, shop.owner), pages.verified(member)
    address = here(shop, thread)

    assert browser.get(address).status_code == 403
    staff.grant(shop.workspace.pk, member, ticket=thread.number)
    refused = browser.get(address)
    assert refused.status_code == 403
    assert cases.SUBJECT not in refused.content.decode()
    assert records(shop) == 0
    staff.grant(shop.workspace.pk, member, Level.IDENTIFIERS, ticket=thread.number)

    page = browser.get(address).content.decode()

    assert cases.SUBJECT in page
    assert cases.TEXT in page
    assert records(shop) == 1
    seen = pages.client(shop.owner).get("/staff-access").content.decode()
    assert thread.number in seen
    assert "Anything the customer put there" in seen
    assert member.email not in seen


def test_staff_take_a_case_answer_it_and_resolve_it() -> None:
    shop, member = pages.shop(), staff.member()
    thread, browser = cases.thread(shop.workspace, shop.viewer), pages.verified(member)
    staff.grant(shop.workspace.pk, member, Level.IDENTIFIERS, ticket=thread.number)
    address = here(shop, thread)

    assert browser.post(f"{address}/take")["Location"] == address
    assert fresh(shop, thread).assigned_to == member.pk
    empty = browser.post(f"{address}/answer", {"text": " "})
    assert empty.status_code == 422
    assert "aria-invalid" in empty.content.decode()
    long = browser.post(f"{address}/answer", {"text": "x" * 5001})
    assert long.status_code == 422
    assert "x" * 5001 in long.content.decode()
    assert browser.post(f"{address}/answer", {"text": "Try again."})["Location"] == address
    assert fresh(shop, thread).state == State.WAITING
    assert browser.post(f"{address}/answer", {"text": "Done.", "act": "resolve"})["Location"] == "/staff/support"
    assert fresh(shop, thread).state == State.RESOLVED
    late = browser.post(f"{address}/answer", {"text": "One more thing."})
    assert late.status_code == 422
    assert "One more thing." in late.content.decode()
    assert records(shop) == 3  # the pages that were shown: each refused answer


def test_two_members_of_the_staff_do_not_resolve_it_twice(shop: pages.Shop) -> None:
    one, thread = staff.member(), cases.thread(shop.workspace, shop.owner)
    staff.grant(shop.workspace.pk, one, Level.IDENTIFIERS, ticket=thread.number)
    browser, address = pages.verified(one), here(shop, thread)

    for _ in range(2):
        assert browser.post(f"{address}/resolve").status_code == 302

    with scope.workspace(shop.workspace.pk):
        done = AuditEvent.objects.filter(
            workspace_id=shop.workspace.pk, action="staff:support:resolved", details__ticket=thread.number
        )
        assert done.count() == 1


def test_a_grant_shows_no_thread_of_another_workspace(shop: pages.Shop) -> None:
    member, other = staff.member(), pages.shop()
    thread, foreign = cases.thread(shop.workspace, shop.owner), cases.thread(other.workspace, other.owner)
    staff.grant(shop.workspace.pk, member, Level.IDENTIFIERS, ticket=thread.number)
    browser = pages.verified(member)

    assert browser.get(here(shop, foreign)).status_code == 404
    assert browser.post(f"{here(shop, foreign)}/answer", {"text": "Hello."}).status_code == 404
    assert browser.get(here(other, foreign)).status_code == 403


def test_the_rules_refuse_staff_without_a_grant_whatever_the_view_does(shop: pages.Shop) -> None:
    thread, member = cases.thread(shop.workspace, shop.owner), staff.member()
    sealed = keyring.Purpose.CONTACTS

    with doors.console(), pytest.raises(doors.StaffRefused):
        keyring.key(shop.workspace.pk, sealed)
    with doors.console(), scope.workspace(shop.workspace.pk), pytest.raises(doors.StaffRefused):
        support.answer(thread=thread, by=member, text="Hello.", resolves=False, at=clock.now())
    with doors.console(), pytest.raises(DatabaseError, match="no staff grant"):
        support.letters_for_staff(thread)


def test_from_the_queue_to_the_thread_the_ticket_is_filled_in() -> None:
    shop, member = pages.shop(), staff.member()
    thread, browser, device = cases.thread(shop.workspace, shop.owner), pages.verified(member), staff.device(member)
    place = ids.encode(ids.WORKSPACE, shop.workspace.pk)
    ask = f"/staff/workspaces/{place}/access?ticket={thread.number}"

    assert f'value="{thread.number}"' in browser.get(ask).content.decode()
    wish = {"category": "customer_support", "reason": "Customer reports late receipts in a case", "minutes": "30"}
    opened = browser.post(ask, {**wish, "ticket": thread.number, "code": device.code(clock.now())})
    assert opened["Location"] == here(shop, thread)
    needed = browser.get(opened["Location"])
    assert needed.status_code == 403
    assert "Raise access" in needed.content.decode()


@pytest.mark.parametrize("state", ["unknown", "elsewhere", "closed"])
def test_the_form_says_what_is_wrong_with_a_ticket(shop: pages.Shop, state: str) -> None:
    other = pages.shop()
    ticket = {
        "unknown": "SUP-222222",
        "elsewhere": cases.thread(other.workspace, other.owner).number,
        "closed": cases.resolved(shop.workspace, shop.owner).number,
    }[state]
    said = {"unknown": "no support case", "elsewhere": "another workspace", "closed": "is resolved"}[state]
    wish = {"category": "customer_support", "reason": "Customer reports late receipts in a case", "minutes": "30"}
    browser: Client = pages.verified(staff.member())

    answer = browser.post(
        f"/staff/workspaces/{ids.encode(ids.WORKSPACE, shop.workspace.pk)}/access", {**wish, "ticket": ticket}
    )

    assert answer.status_code == 422
    assert said in answer.content.decode()


def test_a_thread_past_its_time_is_not_shown_to_staff(shop: pages.Shop) -> None:
    member, thread = staff.member(), cases.resolved(shop.workspace, shop.owner)
    staff.grant(shop.workspace.pk, member, Level.IDENTIFIERS)
    assert pages.verified(member).get(here(shop, thread)).status_code == 200
    with superuser() as connection:
        connection.execute(
            "UPDATE accounts_support_thread SET resolved_at = resolved_at - %s WHERE id = %s",
            [dt.timedelta(days=366), thread.pk],
        )

    assert pages.verified(member).get(here(shop, thread)).status_code == 404
    assert thread.number not in pages.verified(member).get("/staff/support?state=resolved").content.decode()
