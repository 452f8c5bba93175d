"""Every kind of request ends in something: corrected, not done any more, restricted, erased, answered."""

import datetime as dt
import json
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.test import Client, override_settings

from accounts.models import User
from privacy import objections, restrictions
from privacy.archives.building import build
from privacy.consent import visits
from privacy.models import AuditEvent, ConsentRecord, DataRequest, RequestTicket, Restriction, Visit
from privacy.models.data_request import Kind, State
from privacy.people import Person
from privacy.requests import fulfilling
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope
from smsplatform.views.requests.forms import KINDS
from tests.factories import pages, routes
from tests.factories.accounts import make_workspace
from tests.factories.letters import Letters
from tests.factories.requests import a_visitor
from tests.factories.staff import member

NAME = "accounts.User.name"
OWN = "/account/data"
VISITOR = "/privacy/requests?who=visitor"


def of(user: User) -> DataRequest:
    return DataRequest.objects.filter(user_id=user.pk).order_by("-id")[0]


def at_desk(user: User, letters: Letters, **wish: str) -> tuple[DataRequest, Client]:
    """A request of somebody locked out, with the browser in which they showed who they are."""
    browser = Client(REMOTE_ADDR=a_visitor())
    browser.post("/privacy/requests?who=account_holder", {"email": user.email, **wish})
    browser.post(letters.link(user.email))
    return of(user), browser


def decided(row: DataRequest, act: str, *, words: str = "As you asked.", code: str = "") -> Any:
    desk = pages.verified(member("support"))
    return desk.post(f"/staff/requests/{row}/act", {"act": act, "words": words, "code": code})


@pytest.mark.promise("transit-66", "transit-74", "api-28", "team-50", "otp-40")
def test_whoever_signs_in_has_a_field_corrected_at_once_and_reads_it() -> None:
    user, _ = pages.person()
    browser = pages.client(user)

    answer = browser.post(OWN, {"kind": "rectification", "field": NAME, "value": "  Joe Döe "}, follow=True)

    user.refresh_from_db()
    assert user.name == "Joe Döe"
    assert (of(user).state, of(user).reason) == (State.DELIVERED, "corrected")
    assert "Joe Döe" in answer.content.decode()
    with scope.workspace(UUID(int=0)):
        told = AuditEvent.objects.filter(action="user:data_request:corrected", details__request=str(of(user).pk))
        assert [event.details for event in told] == [{"request": str(of(user).pk), "field": NAME}]


@pytest.mark.promise("transit-66", "transit-74", "api-28", "team-50")
def test_what_somebody_locked_out_wants_corrected_is_for_the_desk_to_accept(letters: Letters) -> None:
    user, email = pages.person()
    row, browser = at_desk(user, letters, kind="rectification", field=NAME, value="Joe Doe")
    user.refresh_from_db()
    assert (row.state, user.name) == (State.VERIFIED, "Jo Doe")

    decided(row, "answer", words="Your name is Joe Doe now.")

    user.refresh_from_db()
    assert user.name == "Joe Doe"
    assert of(user).state == State.DELIVERED
    assert b"Your name is Joe Doe now." in browser.get(f"/privacy/requests/{row}").content
    assert "news" in letters.to(email)[-1].body


def test_a_correction_is_refused_with_a_reason_and_changes_nothing(letters: Letters) -> None:
    user, _ = pages.person()
    row, browser = at_desk(user, letters, kind="rectification", field=NAME, value="The King")

    assert decided(row, "refuse", words="  ").status_code == 422
    decided(row, "refuse", words="The invoice names somebody else.", code="no_law")

    user.refresh_from_db()
    assert (user.name, of(user).state, of(user).reason) == ("Jo Doe", State.REFUSED, "no_law")
    assert b"The invoice names somebody else." in browser.get(f"/privacy/requests/{row}").content


@pytest.mark.parametrize(
    "wrong",
    [
        {"field": NAME, "value": ""},
        {"field": NAME, "value": "x" * 81},
        {"field": NAME, "value": "two\nlines"},
        {"field": NAME, "value": "nul\x00"},
        {"field": "accounts.User.password", "value": "hunter2"},
        {"field": "accounts.User.staff_role", "value": "admin"},
        {"field": "privacy.AuditEvent.action", "value": "x"},
        {"field": "", "value": "x", "words": ""},
    ],
)
def test_only_what_the_inventory_lets_be_corrected_is_and_by_its_own_rules(wrong: dict[str, str]) -> None:
    user, _ = pages.person()

    answer = pages.client(user).post(OWN, {"kind": "rectification", **wrong})

    assert answer.status_code == 422
    assert not DataRequest.objects.filter(user_id=user.pk).exists()


@pytest.mark.promise("transit-70", "team-53")
def test_an_objection_to_statistics_holds_from_the_next_page_until_it_is_taken_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counted: list[str] = []
    monkeypatch.setattr(visits.log, "note", lambda **view: counted.append(view["page"]))
    user, _ = pages.person()
    browser = pages.client(user)
    with override_settings(POLICY_PROFILE="transit"):
        browser.get("/privacy/requests")
        answer = browser.post(OWN, {"kind": "objection", "activity": "count_visits"})
        counted.clear()
        browser.get("/privacy/requests")
        assert counted == []
        assert objections.stands(person=user.pk, activity="count_visits")

        browser.post(f"{answer['Location']}/lift")
        counted.clear()
        browser.get("/privacy/requests")

    assert counted == ["privacy_requests"]
    assert not objections.stands(person=user.pk, activity="count_visits")


@pytest.mark.parametrize(("act", "restricted", "objects"), [("answer", True, True), ("refuse", False, False)])
def test_an_objection_to_our_own_interest_restricts_until_it_is_weighed(
    act: str, restricted: bool, objects: bool
) -> None:
    user, _ = pages.person()
    pages.client(user).post(OWN, {"kind": "objection", "activity": "secure_platform"})
    row, person = of(user), Person(subject="account_holder", user=user.pk)
    assert (row.state, restrictions.is_restricted(person)) == (State.VERIFIED, True)

    decided(row, act, code="gdpr_21_1")

    assert restrictions.is_restricted(person) == restricted
    assert objections.stands(person=user.pk, activity="secure_platform") == objects


def test_an_objection_that_is_withdrawn_restricts_nothing_any_more() -> None:
    user, _ = pages.person()
    browser = pages.client(user)
    answer = browser.post(OWN, {"kind": "objection", "activity": "secure_platform"})

    browser.post(f"{answer['Location']}/withdraw")

    assert of(user).state == State.WITHDRAWN
    assert not Restriction.objects.filter(person_id=user.pk, lifted_at=None).exists()


@pytest.mark.parametrize("activity", ["", "keep_account", "bill", "nonsense"])
def test_nobody_objects_to_what_law_or_contract_demand(activity: str) -> None:
    user, _ = pages.person()

    answer = pages.client(user).post(OWN, {"kind": "objection", "activity": activity})

    assert answer.status_code == 422


def test_a_restriction_is_lifted_by_who_asked_for_it_and_by_nobody_else() -> None:
    user, _ = pages.person()
    browser, person = pages.client(user), Person(subject="account_holder", user=user.pk)
    path = browser.post(OWN, {"kind": "restriction"})["Location"]
    other, _ = pages.person()

    assert pages.client(other).post(f"{path}/lift").status_code == 404
    assert restrictions.is_restricted(person)
    browser.post(f"{path}/lift")
    again = browser.post(f"{path}/lift", follow=True)

    assert not restrictions.is_restricted(person)
    assert b"This does not hold any more" in again.content


def visitor_with_record(**headers: Any) -> tuple[Client, UUID]:
    browser = Client(REMOTE_ADDR=a_visitor(), headers=headers)
    browser.post("/privacy/cookies", {"decision": "accept", "method": "page"}, HTTP_ORIGIN="http://testserver")
    assert settings.COOKIE_CONSENT_NAME in browser.cookies
    return browser, ConsentRecord.objects.order_by("-id")[0].consent_id


@pytest.mark.promise("transit-65")
def test_a_visitor_takes_away_the_record_that_their_browser_names() -> None:
    browser, consent = visitor_with_record()

    answer = browser.post(VISITOR, {"kind": "access"})
    row = DataRequest.objects.get(consent_id=consent, kind=Kind.ACCESS)
    build(row.pk, at=clock.now())
    fulfilling.carry_out(at=clock.now())
    file = browser.post(f"{answer['Location']}/copy", {"copy": ids.encode(ids.TICKET, row.pk)})

    assert b"".join(file).startswith(b"PK")
    assert DataRequest.objects.get(pk=row.pk).state == State.DELIVERED
    assert Client().get(answer["Location"]).status_code == 404


def test_a_visitor_erases_records_cookies_and_visits_in_one_go() -> None:
    browser, consent = visitor_with_record()
    visit = ids.uuid7()
    browser.cookies["visit"] = visit.hex
    visits.log.note(page="landing", address="203.0.113.7", visit=visit, at=clock.now())
    visits.log.flush()

    answer = browser.post(VISITOR, {"kind": "erasure"})

    assert DataRequest.objects.get(consent_id=consent).state == State.DELIVERED
    assert not ConsentRecord.objects.filter(consent_id=consent).exists()
    assert not Visit.objects.using("system").filter(visit_id=visit).exists()
    assert {name: answer.cookies[name]["max-age"] for name in ("consent", "visit")} == {"consent": 0, "visit": 0}


def test_a_visitor_who_objects_is_not_counted_from_this_response_on() -> None:
    with override_settings(POLICY_PROFILE="transit"):
        browser, consent = visitor_with_record()
        browser.post(VISITOR, {"kind": "objection", "activity": "count_visits"})
        last = ConsentRecord.objects.filter(consent_id=consent).order_by("-id")[0]

    assert (last.decision, last.groups["analytics"]) == ("withdrawn", False)
    assert DataRequest.objects.get(consent_id=consent).reason == "objected"


def test_without_a_record_nothing_is_held_of_a_visitor(letters: Letters) -> None:
    browser, address = Client(REMOTE_ADDR=a_visitor()), f"{ids.uuid7().hex}@example.org"

    refused = browser.post(VISITOR, {"kind": "erasure"})
    browser.post(VISITOR, {"kind": "erasure", "email": address})
    answer = browser.post(letters.link(address), follow=True)

    assert refused.status_code == 422
    assert b"We hold nothing about you beyond this request" in answer.content


@pytest.mark.promise("transit-75")
def test_the_signal_of_a_browser_is_an_opt_out_where_somebody_is_known() -> None:
    user, email = pages.person()
    for _ in range(2):
        browser = Client(headers={"Sec-GPC": "1"}, REMOTE_ADDR=a_visitor())
        browser.post("/sign-in", {"email": email, "password": pages.PASSWORD})
    _browser, consent = visitor_with_record(**{"Sec-GPC": "1"})

    mine = DataRequest.objects.filter(user_id=user.pk, kind=Kind.OPT_OUT_OF_SALE)
    theirs = DataRequest.objects.get(consent_id=consent)

    assert [(row.state, row.proof) for row in mine] == [(State.DELIVERED, "gpc")]
    assert (theirs.kind, theirs.state, theirs.proof) == (Kind.OPT_OUT_OF_SALE, State.DELIVERED, "gpc")
    assert ConsentRecord.objects.filter(consent_id=consent, gpc=True).exists()


def test_the_receipt_of_a_visitors_decisions_is_theirs_alone() -> None:
    browser, consent = visitor_with_record()

    receipt = json.loads(browser.get("/privacy/cookies/receipt.json").content)

    assert receipt["header"]["record_id"] == str(consent)
    assert [event["event_type"] for event in receipt["events"]] == ["accepted"]
    assert Client().get("/privacy/cookies/receipt.json").status_code == 404


UNDECIDED = {State.VERIFIED}
BY_PEOPLE = {Kind.COMPLAINT, Kind.INQUIRY, Kind.CHILD_ACCOUNT}
MORE = {Kind.RECTIFICATION: {"field": NAME, "value": "Joe"}, Kind.OBJECTION: {"activity": "count_visits"}}


@pytest.mark.parametrize("kind", [kind for kind in KINDS["account_holder"] if kind not in BY_PEOPLE])
def test_no_wish_of_somebody_signed_in_only_waits_in_a_queue(kind: Kind) -> None:
    user, _ = pages.person()

    answer = pages.client(user).post(OWN, {"kind": kind, **MORE.get(kind, {})})

    assert answer.status_code == 302
    assert of(user).state in {State.DELIVERED, State.EXECUTING, State.PLANNED}


@pytest.mark.parametrize("kind", sorted(BY_PEOPLE))
@pytest.mark.promise("transit-71", "team-56")
def test_what_only_people_can_answer_is_answered_on_the_desk(kind: str) -> None:
    browser = Client(REMOTE_ADDR=a_visitor())
    answer = browser.post(VISITOR, {"kind": kind, "words": "Nobody picks up the phone."})
    row = DataRequest.objects.get(pk=ids.decode(ids.DATA_REQUEST, answer["Location"].rpartition("/")[2]))
    assert row.state == State.VERIFIED

    decided(row, "answer", words="Now somebody does.")

    assert b"Now somebody does." in browser.get(answer["Location"]).content
    assert b"authority" in browser.get(answer["Location"]).content


@pytest.mark.parametrize("kind", [Kind.RECTIFICATION, Kind.ANONYMISATION, Kind.PORTABILITY])
def test_what_a_workspace_agrees_to_is_done_and_the_person_told(kind: str) -> None:
    world = make_workspace()
    ticket = routes.ticket(world, kind=kind)

    pages.client(world.owner).post(f"/privacy-requests/{ticket}/accept")
    fulfilling.carry_out(at=clock.now())
    if kind == Kind.PORTABILITY:
        build(ticket.pk, at=clock.now())
        fulfilling.carry_out(at=clock.now())

    with scope.workspace(world.id):
        assert RequestTicket.objects.get(pk=ticket.pk).state == "done"
    assert DataRequest.objects.get(pk=ticket.request_id).state == State.DELIVERED


@pytest.mark.promise("transit-85")
@pytest.mark.parametrize(
    ("residence", "days"), [("DE", 60), ("GB", 60), ("US-CA", 45), ("CA", 30), ("MY", 14), ("BR", 0), ("KR", 0)]
)
def test_the_desk_puts_off_in_time_as_the_law_of_the_residence_allows(residence: str, days: int) -> None:
    user, _ = pages.person()
    browser = pages.client(user)
    browser.post(OWN, {"kind": "objection", "activity": "secure_platform", "residence": residence})
    row = of(user)

    assert decided(row, "extend", words=" ").status_code == 422
    answer = decided(row, "extend", words="Many systems have to be searched.")

    later = DataRequest.objects.get(pk=row.pk)
    assert (later.due_at - row.due_at, answer.status_code) == (dt.timedelta(days=days), 302 if days else 422)
    told = b"Many systems have to be searched." in browser.get(f"/privacy/requests/{row}").content
    assert told == bool(days)
