"""Forged ids, replayed links, oversized forms, and pages that must not tell who is known."""

import datetime as dt
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from django.test import Client

from privacy.models import DataRequest, IdentityProof
from privacy.models.data_request import State
from smsplatform.lib import clock, ids
from tests.factories import pages
from tests.factories.letters import Letters
from tests.factories.requests import a_visitor

ASK = "/privacy/requests?who=account_holder"
ACTS = ("withdraw", "approve", "copy", "lift")
TOO_LARGE = 3_000_000


def asked(email: str, kind: str = "access") -> Client:
    browser = Client(REMOTE_ADDR=a_visitor())
    browser.post(ASK, {"kind": kind, "email": email})
    return browser


def proof_of(link: str) -> IdentityProof:
    token = link.rpartition("/")[2]
    return IdentityProof.objects.get(pk=UUID(hex=token.partition(".")[0]))


@pytest.mark.parametrize("act", ACTS)
def test_nobody_acts_on_the_request_of_somebody_else(act: str) -> None:
    user, _ = pages.person()
    other, _ = pages.person()
    path = pages.client(user).post("/account/data", {"kind": "erasure"})["Location"]
    public_id = path.rpartition("/")[2]
    number = ids.decode(ids.DATA_REQUEST, public_id).int
    forged = [path, path[:-1] + ("0" if path[-1] != "0" else "1"), "/privacy/requests/dsr_",
              f"/privacy/requests/{ids.encode(ids.DATA_REQUEST, UUID(int=number ^ 1))}",
              f"/privacy/requests/{ids.encode(ids.TICKET, UUID(int=number))}",
              f"/privacy/requests/{public_id.upper()}"]  # fmt: skip

    statuses = {who.post(f"{one}/{act}", {"copy": public_id}).status_code
                for who in (Client(), pages.client(other)) for one in forged}  # fmt: skip

    assert statuses == {404}
    assert DataRequest.objects.get(user_id=user.pk).state == State.PLANNED


def test_a_link_that_was_used_bent_or_made_up_shows_nothing(letters: Letters) -> None:
    user, email = pages.person()
    _, other = pages.person()
    asked(email)
    asked(other)
    mine, theirs = letters.link(email), letters.link(other)
    head, _, secret = mine.partition(".")
    bent = [f"{head}.{secret[:-1]}", f"{head}.", f"{head}.{theirs.partition('.')[2]}", f"{head}.{secret}x",
            "/privacy/requests/link/none", f"/privacy/requests/link/{'0' * 32}.{secret}",
            "/privacy/requests/link/%00.%00", f"/privacy/requests/link/{uuid4().hex}.{'x' * 5000}"]  # fmt: skip

    assert {Client().post(one).status_code for one in bent} == {410}
    assert DataRequest.objects.get(identity_idx=bytes(proof_of(mine).identity_idx)).state == State.VERIFYING
    assert [Client().get(mine).status_code for _ in range(3)] == [200] * 3  # looking at it is no proof
    assert [Client().post(mine).status_code for _ in range(2)] == [302, 410]
    assert DataRequest.objects.get(user_id=user.pk).state == State.EXECUTING


def test_a_link_is_good_for_a_day_and_the_newest_alone(letters: Letters) -> None:
    _, email = pages.person()
    asked(email)
    old = letters.link(email)
    IdentityProof.objects.filter(pk=proof_of(old).pk).update(expires_at=clock.now() - dt.timedelta(seconds=1))

    assert Client().get(old).status_code == 410
    assert Client().post(old).status_code == 410


def test_a_link_opens_the_requests_of_its_own_address_only(letters: Letters) -> None:
    user, email = pages.person()
    victim, _ = pages.person()
    theirs = pages.client(victim).post("/account/data", {"kind": "confirmation"})["Location"]
    browser = asked(email, "confirmation")

    browser.post(letters.link(email))

    assert browser.get(theirs).status_code == 404
    mine = DataRequest.objects.get(user_id=user.pk)
    assert browser.get(f"/privacy/requests/{mine}").status_code == 200


def test_three_mails_a_day_and_the_page_stays_the_same(letters: Letters) -> None:
    _, email = pages.person()

    answers = [Client(REMOTE_ADDR=a_visitor()).post(ASK, {"kind": "access", "email": email}) for _ in range(5)]

    assert {(one.status_code, one["Location"]) for one in answers} == {(302, "/privacy/requests/sent")}
    assert len(letters.to(email)) == 3


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("kind", ["access", "erasure", "rectification", "confirmation", "restriction"])
def test_every_wish_is_answered_alike_whether_or_not_there_is_an_account(
    known: bool, kind: str, letters: Letters
) -> None:
    email = pages.person()[1] if known else f"{uuid4().hex}@example.org"
    browser = Client(REMOTE_ADDR=a_visitor())

    answer = browser.post(ASK, {"kind": kind, "email": email, "words": "My name is spelt Joe."})

    assert (answer.status_code, answer["Location"], answer.content) == (302, "/privacy/requests/sent", b"")
    assert {morsel.key for morsel in answer.cookies.values()} == {settings.SESSION_COOKIE_NAME}
    assert browser.get(answer["Location"]).content.count(email.encode()) == 0


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/privacy/requests?who=recipient", "words"),
        ("/privacy/requests?who=visitor", "email"),
        ("/privacy/requests/find", "number"),
        ("/privacy/requests/code", "code"),
        ("/privacy/requests/senders/stop", "workspace"),
        ("/privacy/cookies", "group"),
    ],
)
def test_an_oversized_form_is_refused_everywhere(path: str, field: str) -> None:
    before = DataRequest.objects.count()

    answer: Any = Client(REMOTE_ADDR=a_visitor()).post(path, {field: "x" * TOO_LARGE}, HTTP_ORIGIN="http://testserver")

    assert answer.status_code in (302, 400, 413, 422), answer.status_code
    assert len(answer.content) < TOO_LARGE / 10
    assert DataRequest.objects.count() == before


@pytest.mark.parametrize("who", ["", "staff", "admin", "' OR 1=1 --", "recipient\x00", "x" * 4000])
def test_only_the_kinds_of_people_there_are_may_ask(who: str) -> None:
    answer = Client(REMOTE_ADDR=a_visitor()).post("/privacy/requests", {"kind": "access"}, QUERY_STRING=f"who={who}")

    assert answer.status_code == (404 if who else 200)
