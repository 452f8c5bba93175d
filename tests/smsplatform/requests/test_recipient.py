"""A person who got a text, has no account, and wants to know and to be left alone."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections
from django.test import Client, override_settings

from accounts.models import Workspace
from messaging.models import Message, Suppression
from privacy.models import DataRequest, IdentityProof, RequestTicket
from privacy.models.data_request import State
from privacy.requests import fulfilling, tickets
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope
from tests.factories import pages
from tests.factories.accounts import make_workspace
from tests.factories.messaging import accept
from tests.factories.requests import Phones, a_number, a_visitor

CENTRE = "/privacy/requests?who=recipient"
CODE = "/privacy/requests/code"


def asked(number: str, kind: str = "objection", *, browser: Client | None = None, **fields: str) -> tuple[Client, Any]:
    browser = browser or Client(REMOTE_ADDR=a_visitor())
    return browser, browser.post(CENTRE, {"kind": kind, "number": number, **fields})


def tracked(browser: Client, answer: Any) -> DataRequest:
    assert browser.get(answer["Location"]).status_code == 200
    return DataRequest.objects.get(pk=ids.decode(ids.DATA_REQUEST, answer["Location"].rpartition("/")[2]))


@pytest.mark.promise("api-30", "team-53", "transit-70", "otp-43", "team-07", "fleet-47")
def test_from_the_number_to_silence_without_an_account(phones: Phones) -> None:
    shop, number = pages.shop(), a_number()
    pages.message(shop, to=number)

    browser, answer = asked(number)
    assert answer["Location"] == CODE
    answer = browser.post(CODE, {"code": phones.code(number)})
    request = tracked(browser, answer)

    assert request.state == State.DELIVERED
    with scope.workspace(shop.workspace.id):
        ticket = RequestTicket.objects.get(request_id=request.pk)
        assert (ticket.state, ticket.automatic, ticket.msisdn) == ("done", True, number)
        assert Suppression.objects.get().source == "request"
    with pytest.raises(AssertionError):  # acceptance refuses it
        pages.message(shop, to=number)


@pytest.mark.promise("transit-65")
def test_who_texted_a_number_is_shown_without_the_texts(phones: Phones) -> None:
    one, two, number = pages.shop(), pages.shop(), a_number()
    for shop in (one, one, two):
        pages.message(shop, to=number, text="The secret is 4711-abracadabra.")
    pages.message(pages.shop(), to=a_number())
    browser = phones.proved(number)

    page = browser.get("/privacy/requests/senders").content.decode()

    assert one.workspace.name in page
    assert two.workspace.name in page
    assert "abracadabra" not in page
    assert number not in page


@pytest.mark.promise("fleet-45")
def test_one_sender_is_stopped_and_the_other_is_not(phones: Phones) -> None:
    one, two, number = pages.shop(), pages.shop(), a_number()
    for shop in (one, two):
        pages.message(shop, to=number)
    browser = phones.proved(number)

    browser.post("/privacy/requests/senders/stop", {"workspace": ids.encode(ids.WORKSPACE, one.workspace.id)})

    assert [stopped(one.workspace, number), stopped(two.workspace, number)] == [True, False]
    browser.post("/privacy/requests/senders/stop", {"workspace": "all"})
    assert stopped(two.workspace, number)


def stopped(workspace: Workspace, number: str) -> bool:
    with scope.workspace(workspace.id):
        return Suppression.objects.filter(workspace=workspace).exists()


def test_nobody_stops_a_workspace_that_never_texted_them(phones: Phones) -> None:
    stranger, browser = pages.shop(), phones.proved(a_number())

    browser.post("/privacy/requests/senders/stop", {"workspace": ids.encode(ids.WORKSPACE, stranger.workspace.id)})

    assert not stopped(stranger.workspace, "")


def test_an_erasure_is_for_the_workspace_to_decide_and_the_person_reads_its_reason(phones: Phones) -> None:
    shop, number = pages.shop(), a_number()
    pages.message(shop, to=number)
    browser, _ = asked(number, "erasure")
    request = tracked(browser, browser.post(CODE, {"code": phones.code(number)}))
    assert request.state == State.FORWARDED

    with scope.workspace(shop.workspace.id):
        ticket = RequestTicket.objects.get(request_id=request.pk)
        tickets.answer(ticket, reason="We owe you a <b>refund</b> first.", by=shop.owner.pk, at=clock.now())

    page = browser.get(f"/privacy/requests/{request}").content.decode()
    assert "We owe you a &lt;b&gt;refund&lt;/b&gt; first." in page
    assert shop.workspace.name in page
    request.refresh_from_db()
    assert request.state == State.REFUSED


@pytest.mark.promise("transit-67", "transit-73", "api-29", "team-51")
def test_from_the_number_to_erased_without_an_account(phones: Phones) -> None:
    shop, number = pages.shop(), a_number()
    pages.message(shop, to=number)
    browser, _ = asked(number, "erasure")
    request = tracked(browser, browser.post(CODE, {"code": phones.code(number)}))

    with scope.workspace(shop.workspace.id):
        ticket = RequestTicket.objects.get(request_id=request.pk)
        tickets.answer(ticket, reason=None, by=shop.owner.pk, at=clock.now())
    fulfilling.carry_out(at=clock.now())

    request.refresh_from_db()
    assert request.state == State.DELIVERED
    assert browser.get(f"/privacy/requests/{request}").status_code == 200
    assert b"Nobody, as far as we know" in browser.get("/privacy/requests/senders").content
    with scope.workspace(shop.workspace.id):
        assert [bytes(row.to_ct or b"") for row in Message.objects.all()] == [b""]


@pytest.mark.promise("transit-68", "team-54", "fleet-44")
def test_a_restricted_number_is_not_texted(phones: Phones) -> None:
    shop, number = pages.shop(), a_number()
    pages.message(shop, to=number)
    browser, _ = asked(number, "restriction")
    request = tracked(browser, browser.post(CODE, {"code": phones.code(number)}))

    fulfilling.carry_out(at=clock.now())

    request.refresh_from_db()
    assert request.state == State.DELIVERED
    with pytest.raises(AssertionError):  # acceptance refuses it
        pages.message(shop, to=number)


@pytest.mark.promise("transit-78", "transit-63")
@pytest.mark.parametrize(("texts", "note"), [(1, "held"), (0, "nothing_held")])
def test_whether_anything_is_held_is_answered_at_once(phones: Phones, texts: int, note: str) -> None:
    number = a_number()
    if texts:
        pages.message(pages.shop(), to=number)
    browser, _ = asked(number, "confirmation", residence="BR")

    request = tracked(browser, browser.post(CODE, {"code": phones.code(number)}))

    assert (request.state, request.reason, request.law) == (State.DELIVERED, note, "lgpd")


def test_nothing_tells_whether_a_number_is_known(phones: Phones) -> None:
    known, unknown = a_number(), a_number()
    pages.message(pages.shop(), to=known)

    answers = [asked(number)[1] for number in (known, unknown)]

    assert [(one.status_code, one["Location"], one.content) for one in answers] == [(302, CODE, b"")] * 2
    assert [len(phones.texts(number)) for number in (known, unknown)] == [1, 1]


def test_for_a_known_number_and_an_unknown_one_the_same_work_is_done(phones: Phones) -> None:
    """What a clock could tell: the statements are the same in the same order, until the answer and for the code."""
    known, unknown = a_number(), a_number()
    pages.message(pages.shop(), to=known)
    asked(a_number())  # what a process does once is done

    done: list[list[list[str]]] = []

    def note(execute: Any, sql: Any, *rest: Any) -> Any:
        words = str(sql).split()
        if words[0] not in ("SAVEPOINT", "RELEASE"):  # their names are numbers
            done[-1].append(words[:4])
        return execute(sql, *rest)

    for number in (known, unknown):
        done.append([])
        with connections["default"].execute_wrapper(note), connections["system"].execute_wrapper(note):
            browser, _ = asked(number)
            for code in ("000000", "111111"):
                browser.post(CODE, {"code": code})

    assert done[0] == done[1] != []


def test_a_code_is_kept_as_a_hash_only(phones: Phones) -> None:
    number = a_number()
    asked(number)

    code = phones.code(number).encode()
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT row_to_json(p)::text FROM privacy_identity_proof p ORDER BY id DESC LIMIT 1")
        row = cursor.fetchone()[0].encode()

    assert code not in row
    assert code.hex().encode() not in row
    assert number.encode() not in row


def test_the_fifth_wrong_code_ends_it_even_for_the_right_one(phones: Phones) -> None:
    number = a_number()
    browser, _ = asked(number)

    wrong = [browser.post(CODE, {"code": phones.wrong(number)}).status_code for _ in range(5)]
    right = browser.post(CODE, {"code": phones.code(number)})

    assert [*wrong, right.status_code] == [422] * 6
    assert DataRequest.objects.order_by("-id")[0].state == State.VERIFYING


def test_of_many_guesses_at_once_five_count(phones: Phones) -> None:
    number = a_number()
    browser, _ = asked(number)
    cookies = browser.cookies

    def guess(_: int) -> int:
        other = Client()
        other.cookies = cookies
        try:
            return int(other.post(CODE, {"code": phones.wrong(number)}).status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(guess, range(8))) == {422}

    assert IdentityProof.objects.order_by("-id")[0].attempts == 5
    assert browser.post(CODE, {"code": phones.code(number)}).status_code == 422


def test_a_code_works_once_and_for_ten_minutes(phones: Phones, monkeypatch: pytest.MonkeyPatch) -> None:
    number = a_number()
    browser, _ = asked(number)
    code, old = phones.code(number), Client()
    old.cookies = browser.cookies

    assert browser.post(CODE, {"code": code}).status_code == 302
    assert old.post(CODE, {"code": code})["Location"] == "/privacy/requests/find"  # its session is another one now

    late, _ = asked(a_number())
    proof = IdentityProof.objects.order_by("-id")[0]
    IdentityProof.objects.filter(pk=proof.pk).update(expires_at=clock.now())
    assert late.post(CODE, {"code": phones.code(proof.identity)}).status_code == 422


def test_a_number_gets_three_codes_a_day_and_the_page_stays_the_same(phones: Phones) -> None:
    number = a_number()

    answers = [asked(number)[1] for _ in range(5)]

    assert {(one.status_code, one["Location"]) for one in answers} == {(302, CODE)}
    assert len(phones.texts(number)) == 3


def test_a_race_for_the_third_code_sends_no_fourth(phones: Phones) -> None:
    number = a_number()

    def ask(_: int) -> int:
        try:
            return int(asked(number)[1].status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(ask, range(6))) == {302}

    assert len(phones.texts(number)) <= 3


@pytest.mark.promise("transit-82")
def test_a_network_that_asks_too_often_has_to_wait() -> None:
    browser = Client(REMOTE_ADDR=a_visitor())
    fields = {"kind": "inquiry", "words": "Why?"}

    statuses = [browser.post("/privacy/requests?who=visitor", fields).status_code for _ in range(13)]

    assert statuses[:10] == [302] * 10
    assert 429 in statuses[10:]


def test_all_codes_of_a_day_cost_no_more_than_the_cap(phones: Phones) -> None:
    number = a_number()

    with override_settings(PRIVACY_CODES_DAY_MICRO=1):
        answers = [asked(a_number())[1] for _ in range(2)]
        answer = asked(number)[1]

    assert {one["Location"] for one in [*answers, answer]} == {CODE}
    assert phones.texts(number) == []


def test_forged_and_foreign_addresses_are_the_same_404(phones: Phones) -> None:
    number = a_number()
    browser, _ = asked(number, "confirmation")
    request = tracked(browser, browser.post(CODE, {"code": phones.code(number)}))
    unproved = phones.proved(a_number())
    forged = [str(request), ids.encode(ids.DATA_REQUEST, uuid4()), "dsr_0", "msg_" + str(request)[4:], "' OR 1=1 --"]

    pages_seen = [who.get(f"/privacy/requests/{one}") for one in forged for who in (Client(), unproved)]

    assert {page.status_code for page in pages_seen} == {404}
    assert unproved.post(f"/privacy/requests/{request}/withdraw").status_code == 404


def test_a_request_is_withdrawn_and_then_nothing_happens(phones: Phones) -> None:
    shop, number = pages.shop(), a_number()
    pages.message(shop, to=number)
    browser, _ = asked(number, "erasure")
    request = tracked(browser, browser.post(CODE, {"code": phones.code(number)}))

    browser.post(f"/privacy/requests/{request}/withdraw")

    request.refresh_from_db()
    assert request.state == State.WITHDRAWN
    with scope.workspace(shop.workspace.id):
        assert RequestTicket.objects.get(request_id=request.pk).state == "closed"


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"kind": "objection"},
        {"kind": "objection", "number": "abc"},
        {"kind": "objection", "number": "+4915"},
        {"kind": "objection", "number": "+49151\x00234567890"},
        {"kind": "objection", "number": "+491512345678" + "9" * 5000},
        {"kind": "nothing", "number": "+4915123456789"},
        {"kind": "rectification", "number": "+4915123456789", "words": ""},
        {"kind": "rectification", "number": "+4915123456789", "words": "x" * 4001},
        {"kind": "objection", "number": "+4915123456789", "residence": "XX"},
    ],
)
def test_bad_input_is_explained_and_sends_nothing(phones: Phones, fields: dict[str, str]) -> None:
    before = DataRequest.objects.count()

    answer = Client(REMOTE_ADDR=a_visitor()).post(CENTRE, fields)

    assert answer.status_code == 422
    assert DataRequest.objects.count() == before


def test_an_oversized_form_is_refused() -> None:
    answer = Client(REMOTE_ADDR=a_visitor()).post(CENTRE, {"kind": "objection", "words": "x" * 3_000_000})

    assert answer.status_code in (400, 413)


def test_without_an_operators_workspace_the_page_says_so() -> None:
    with override_settings(PRIVACY_WORKSPACE=""):
        assert b"Codes by text are not set up here" in Client().get(CENTRE).content


def test_the_api_shows_and_decides_what_people_ask(phones: Phones) -> None:
    world, number = make_workspace(), a_number()
    accept(world, to=number)
    browser, _ = asked(number, "rectification", words="My name is spelt Joe.")
    request = tracked(browser, browser.post(CODE, {"code": phones.code(number)}))

    listed = world.api().get("/v1/privacy_requests").json()["data"]
    done = world.api().post(f"/v1/privacy_requests/{listed[0]['id']}/accept")
    again = world.api().post(f"/v1/privacy_requests/{listed[0]['id']}/refuse", {"reason": "No."})

    assert (listed[0]["number"], listed[0]["words"]) == (number, "My name is spelt Joe.")
    assert (done.status_code, done.json()["status"], again.status_code) == (200, "done", 409)
    request.refresh_from_db()
    assert request.state == State.DELIVERED
