"""The same rights for people with an account: from their settings, or by a link to the address it has."""

from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import User
from privacy.archives.building import build
from privacy.models import DataRequest
from privacy.models.data_request import State
from privacy.requests import fulfilling
from smsplatform.lib import clock, ids
from tests.factories import pages
from tests.factories.letters import Letters
from tests.factories.requests import a_visitor


def of(user: User) -> DataRequest:
    return DataRequest.objects.filter(user_id=user.pk).order_by("-id")[0]


@pytest.mark.promise("fleet-39", "team-06", "otp-41")
def test_an_account_is_erased_after_its_person_saw_the_plan() -> None:
    user, _ = pages.person()
    browser = pages.client(user)

    answer = browser.post("/account/data", {"kind": "erasure"})
    page = browser.get(answer["Location"]).content.decode()
    browser.post(f"{answer['Location']}/approve")
    fulfilling.carry_out(at=clock.now())

    assert "What would be erased" in page
    assert not User.objects.filter(pk=user.pk).exists()
    assert DataRequest.objects.filter(pk=of(user).pk, state=State.DELIVERED).exists()


def test_the_page_asks_again_who_somebody_is() -> None:
    user, _ = pages.person()

    answer = pages.unconfirmed(pages.client(user)).get("/account/data")

    assert answer["Location"].startswith("/account/confirm")


@pytest.mark.promise("transit-81")
def test_who_is_locked_out_gets_a_link_to_the_address_of_the_account(letters: Letters) -> None:
    user, email = pages.person()
    browser = Client(REMOTE_ADDR=a_visitor())

    answer = browser.post("/privacy/requests?who=account_holder", {"kind": "access", "email": email.upper()})
    link = letters.link(email)
    elsewhere = Client(REMOTE_ADDR=a_visitor())
    assert elsewhere.get(link).status_code == 200
    shown, again = elsewhere.post(link), Client().post(link)

    assert answer["Location"] == "/privacy/requests/sent"
    assert (shown.status_code, again.status_code) == (302, 410)
    assert elsewhere.get(shown["Location"]).status_code == 200
    assert of(user).state == State.EXECUTING
    assert build(of(user).pk, at=clock.now())
    fulfilling.carry_out(at=clock.now())
    copy = {"copy": ids.encode(ids.TICKET, of(user).pk)}
    taken = [elsewhere.post(f"{shown['Location']}/copy", copy) for _ in range(4)]
    assert [(one.status_code, one.get("Content-Type")) for one in taken[:3]] == [(200, "application/zip")] * 3
    assert taken[3].status_code == 302
    assert Client().post(f"{shown['Location']}/copy", copy).status_code == 404


def test_nothing_goes_to_an_address_without_an_account_and_the_answer_is_the_same(letters: Letters) -> None:
    unknown = f"{uuid4().hex}@example.org"

    answer = Client(REMOTE_ADDR=a_visitor()).post(
        "/privacy/requests?who=account_holder", {"kind": "access", "email": unknown}
    )

    assert (answer.status_code, answer["Location"]) == (302, "/privacy/requests/sent")
    assert letters.to(unknown) == []
