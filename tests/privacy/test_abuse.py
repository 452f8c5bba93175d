"""Reports of unwanted texts: taken in from anybody, decided with reasons, and forgotten in time."""

import datetime as dt

import pytest
from django.test import Client

from privacy import erasure, retention, scanner
from privacy.abuse import cases, declared
from privacy.live.disclosures import reports_read
from privacy.models import AbuseCase, AuditEvent
from privacy.people import Person
from smsplatform.lib import clock, ids
from tests.factories import pages, staff
from tests.privacy.test_finding import number

REPORT = {"kind": "phishing", "sender": "MYBANK", "words": "Your account is locked", "email": "", "number": ""}


@pytest.fixture(scope="module")
def desk() -> Client:
    return pages.verified(staff.member("support"))


def visitor() -> str:
    return f"fd00:{ids.uuid7().hex[-4:]}:{ids.uuid7().hex[-8:-4]}::1"


def sent(**changed: str) -> AbuseCase:
    """A report made at the public form."""
    browser = Client()
    answer = browser.post("/report", REPORT | changed, REMOTE_ADDR=visitor())
    assert answer.status_code == 302, answer.content.decode()
    return found(browser.session["abuse_reported"])


def found(public_id: str) -> AbuseCase:
    return AbuseCase.objects.using("system").get(pk=ids.decode(ids.ABUSE_CASE, public_id))


@pytest.mark.promise("transit-38")
def test_anybody_reports_a_message_and_staff_read_it_in_their_words(desk: Client) -> None:
    case = sent(email="Jo@Example.org", number="+49 151 23456789")

    shown = desk.get(f"/staff/abuse/{case}").content.decode()

    for said in ("MYBANK", "Your account is locked", "jo@example.org", "+4915123456789"):
        assert said in shown
    assert "MYBANK" in desk.get("/staff/abuse").content.decode()
    assert "Your account is locked" not in desk.get("/staff/abuse").content.decode()


def test_a_report_tells_nothing_of_whether_the_number_is_known_here() -> None:
    shop, unknown = pages.shop(), number()
    pages.message(shop, to=pages.TO)
    answers = []
    for to in (pages.TO, unknown):
        browser = Client()
        first = browser.post("/report", REPORT | {"number": to}, REMOTE_ADDR=visitor())
        mine = browser.session["abuse_reported"]
        answers.append(
            (first.status_code, first["Location"], browser.get("/report/done").content.decode().replace(mine, ""))
        )

    assert answers[0][:2] == answers[1][:2]
    assert len(answers[0][2]) == len(answers[1][2])


def test_what_people_wrote_is_sealed() -> None:
    case = sent(email="jo@example.org", number="+4915123456789")

    row = AbuseCase.objects.using("system").filter(pk=case.pk).values("sender", "words", "number", "email").get()

    for value in row.values():
        assert isinstance(value, bytes | memoryview)
        assert not any(word in bytes(value) for word in (b"MYBANK", b"locked", b"4915123456789", b"jo@"))
    events = AuditEvent.objects.using("system").filter(action__contains=":abuse:", details__case=str(case.pk))
    assert [event.action for event in events] == ["visitor:abuse:reported"]
    assert not any(scanner.patterns_in(str(event.details)) for event in events)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"sender": ""}, "Copy the name or number at the top"),
        ({"sender": "x" * 41}, "40"),
        ({"kind": ""}, "Choose what fits best."),
        ({"kind": "murder"}, "murder"),
        ({"words": "x" * 2001}, "2000"),
        ({"number": "12"}, "number"),
        ({"email": "jo"}, "This is no e-mail address."),
        ({"text_at": "yesterday"}, "Enter day and time as in"),
        ({"text_at": "1999-01-01T10:00"}, "within the last year"),
        ({"text_at": "2126-01-01T10:00"}, "within the last year"),
    ],
)
def test_a_bad_report_is_told_at_its_field_and_what_was_typed_stays(changed: dict[str, str], told: str) -> None:
    answer = Client().post("/report", REPORT | changed, REMOTE_ADDR=visitor())

    assert answer.status_code == 422
    assert told in answer.content.decode()
    assert changed.get("words", "Your account is locked") in answer.content.decode()


def test_who_sends_many_reports_waits() -> None:
    here, browser = visitor(), Client()

    statuses = [browser.post("/report", REPORT, REMOTE_ADDR=here).status_code for _ in range(12)]

    assert statuses[:10] == [302] * 10
    assert 429 in statuses[10:]


def test_a_case_is_decided_step_by_step_with_reasons(desk: Client) -> None:
    case, shop = sent(), pages.shop()
    workspace = ids.encode(ids.WORKSPACE, shop.workspace.id)
    place = f"/staff/abuse/{case}"

    assert desk.post(f"{place}/move", {"to": "investigating", "reason": ""}).status_code == 422
    assert desk.post(f"{place}/trace", {"suspect": "acme", "why": "x"}).status_code == 422
    assert (
        desk.post(f"{place}/trace", {"suspect": ids.encode(ids.WORKSPACE, ids.uuid7()), "why": "x"}).status_code == 422
    )
    assert desk.post(f"{place}/trace", {"hold": "hld_1", "why": "x"}).status_code == 422
    desk.post(f"{place}/move", {"to": "investigating", "reason": "Looks like a copy of a bank."})
    desk.post(f"{place}/trace", {"suspect": workspace, "why": "The sender is registered there."})
    shown = desk.get(place).content.decode()
    assert f"/staff/workspaces/{workspace}" in shown
    assert "The sender is registered there." in shown
    desk.post(f"{place}/move", {"to": "actioned", "reason": "The workspace is suspended."})
    assert desk.post(f"{place}/trace", {"suspect": workspace, "why": "again"}, follow=True).status_code == 200

    row = found(str(case))
    assert (row.state, row.suspect_id) == ("actioned", shop.workspace.id)
    assert row.closed_at is not None
    assert [step.state for step in row.steps.using("system").order_by("id")] == [
        "new", "investigating", "investigating", "actioned",
    ]  # fmt: skip


def test_of_two_who_decide_at_once_one_is_told(desk: Client) -> None:
    case, by, at = sent(), ids.uuid7(), clock.now()
    cases.move(case, "dismissed", reason="Not ours.", by=by, at=at)

    with pytest.raises(cases.NotNow):
        cases.move(case, "dismissed", reason="Not ours.", by=by, at=at)
    assert desk.post(f"/staff/abuse/{case}/move", {"to": "actioned", "reason": "x"}).status_code == 422


def test_staff_write_down_what_a_carrier_tells(desk: Client) -> None:
    assert desk.post("/staff/abuse/new", REPORT).status_code == 422

    answer = desk.post("/staff/abuse/new", REPORT | {"source": "carrier"})

    assert found(answer["Location"].rpartition("/")[2]).source == "carrier"


def test_the_desk_is_for_support_and_admins_only() -> None:
    case = sent()

    for role, expected in (("admin", 200), ("support", 200), ("finance", 403), ("auditor", 403)):
        browser = pages.verified(staff.member(role))
        assert browser.get(f"/staff/abuse/{case}").status_code == expected, role
    assert Client().get(f"/staff/abuse/{case}").status_code == 302
    assert (
        pages.verified(staff.member("support")).get(f"/staff/abuse/{ids.encode('abu', ids.uuid7())}").status_code == 404
    )
    assert pages.verified(staff.member("support")).get("/staff/abuse/abu_x").status_code == 404


@pytest.mark.parametrize("erase", ["by the desk", "as a request"])
def test_who_reported_is_erased_when_they_ask(desk: Client, erase: str) -> None:
    mine = number()
    case = sent(number=mine, email="jo@example.org")

    if erase == "by the desk":
        desk.post(f"/staff/abuse/{case}/forget")
    else:
        erasure.execute(Person(subject="recipient", msisdn=mine), request_id=ids.uuid7(), at=clock.now())

    for row in AbuseCase.objects.using("system").filter(pk=case.pk):
        assert (row.number, row.number_idx, row.email, row.words) == (None, None, None, None)


def test_words_are_forgotten_a_month_after_the_end_and_the_case_after_a_year() -> None:
    open_case, closed = sent(), sent(number=number())
    at = clock.now()
    cases.move(closed, "dismissed", reason="Not ours.", by=ids.uuid7(), at=at)

    retention.run(declared.WORDS, at=at + dt.timedelta(days=29))
    assert found(str(closed)).words
    retention.run(declared.WORDS, at=at + dt.timedelta(days=31))
    row = found(str(closed))
    assert (row.words, row.number, row.number_idx) == (None, None, None)
    assert row.steps.using("system").filter(reason__isnull=False).count() == 0
    retention.run(declared.CASES, at=at + dt.timedelta(days=366))
    assert not AbuseCase.objects.using("system").filter(pk=closed.pk).exists()
    assert found(str(open_case)).words == "Your account is locked"


def test_the_board_turns_red_when_nobody_reads_reports() -> None:
    assert reports_read(clock.now() - dt.timedelta(days=400)).holds

    case = sent()

    assert reports_read(case.reported_at + dt.timedelta(days=40)).holds is False
