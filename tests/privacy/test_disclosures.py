"""Demands of authorities: two people, the holder first, silence only by a law, and nothing beyond what was named."""

import datetime as dt
import hashlib
import io
import json
import zipfile
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from accounts import grants
from accounts.models import Notification, StaffGrant, User
from messaging import keeping
from privacy import archives, holdings, holds
from privacy.archives import building
from privacy.disclosures import counting, declared, register, scope, telling
from privacy.disclosures.register import Assessment, Demand, Leave
from privacy.live.disclosures import decided_by_two, holders_told
from privacy.models import AuditEvent, Disclosure, DisclosureNotice
from privacy.people import Person
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope as tenancy
from smsplatform.lib.tenancy.staff import Level
from smsplatform.lib.tenancy.staff import console as staff_console
from tests.factories import pages, staff
from tests.privacy.test_finding import number

DAY = dt.timedelta(days=1)
SOUND = Assessment(authentic=True, effective=True, narrow=True, reasons="Asked back at the court.")
META = ("messaging.Message",)
PLANTED = "Planted secret word"


@dataclass(frozen=True, kw_only=True, slots=True)
class Desk:
    """Two people of the desk, and a workspace with messages to two numbers."""

    first: User
    second: User
    shop: pages.Shop
    mine: str
    other: str


@pytest.fixture(scope="module")
def desk() -> Desk:
    shop, mine, other = pages.shop(), number(), number()
    pages.message(shop, to=mine, text=f"{PLANTED} one", reference="planted-reference")
    pages.message(shop, to=other, text=f"{PLANTED} two")
    return Desk(first=staff.member("admin"), second=staff.member("admin"), shop=shop, mine=mine, other=other)


def demand(desk: Desk, **changed: Any) -> Demand:
    at = clock.now()
    made = Demand(
        workspace=desk.shop.workspace.id, ground="court", country="DE", authority="District court of Example",
        law="StPO 100j", reference="7 Gs 1/26", received_at=at - dt.timedelta(minutes=1),
        records=META, kinds=("delivery_meta",), since=at - DAY, until=at + DAY,
    )  # fmt: skip
    return replace(made, **changed)


def valid(desk: Desk, **changed: Any) -> Disclosure:
    at = clock.now()
    case = register.open_case(demand(desk, **changed), by=desk.first.pk, at=at)
    register.assess(case, SOUND, valid=True, by=desk.first.pk, at=at)
    return case


def told(desk: Desk, **changed: Any) -> Disclosure:
    case = valid(desk, **changed)
    register.order_notice(case, by=desk.first.pk, at=clock.now())
    telling.publish(at=clock.now())
    return fresh(case)


def approved(desk: Desk, **changed: Any) -> Disclosure:
    case = told(desk, **{"ground": "emergency", **changed})
    register.approve(case, by=desk.second.pk, at=clock.now())
    return fresh(case)


def fresh(case: Disclosure) -> Disclosure:
    return Disclosure.objects.using("system").get(pk=case.pk)


def leave(desk: Desk, **changed: Any) -> Leave:
    made = Leave(
        grant=ids.uuid7(), workspace=desk.shop.workspace.id, category="legal_process", level=Level.CONTENT,
        second=desk.second.pk, until=clock.now() + DAY,
    )  # fmt: skip
    return replace(made, **changed)


def package(desk: Desk, **changed: Any) -> tuple[Disclosure, zipfile.ZipFile, bytes]:
    """A case with its finished package."""
    case, at = approved(desk, **changed), clock.now()
    made = register.produce(case, leave=leave(desk), by=desk.first.pk, at=at)
    assert building.build(made, at=at)
    content = b"".join(archives.stream(made, at=clock.now()))
    return fresh(case), zipfile.ZipFile(io.BytesIO(content)), content


def everything_in(opened: zipfile.ZipFile) -> str:
    return "\n".join(opened.read(name).decode() for name in opened.namelist())


def notice(case: Disclosure) -> DisclosureNotice | None:
    with tenancy.workspace(case.workspace_id):
        return DisclosureNotice.objects.filter(disclosure_id=case.pk).first()


def log(case: Disclosure) -> list[AuditEvent]:
    """What the workspace's own log holds of a case, whether or not it is told."""
    rows = AuditEvent.objects.using("system").filter(workspace_id=case.workspace_id, details__disclosure=str(case.pk))
    return list(rows.order_by("id"))


@pytest.mark.promise("transit-38", "transit-56", "fleet-16", "api-20", "team-26")
def test_the_package_holds_the_named_kinds_of_the_named_records_and_nothing_else(desk: Desk) -> None:
    case, opened, content = package(desk)
    text = everything_in(opened)

    manifest = json.loads(opened.read("manifest.json"))
    rows = json.loads(opened.read("messaging.Message.json"))
    assert set(opened.namelist()) == {"messaging.Message.json", "manifest.json"}
    assert len(rows) == 2
    assert {row["status"] for row in rows}
    for hidden in (desk.mine, desk.other, PLANTED, "planted-reference", desk.shop.email, str(desk.shop.owner.pk)):
        assert hidden not in text
    assert set(rows[0]) - {"id"} == {
        column.field.attname for column in scope.columns(scope.parts(case)[0].policy, ("delivery_meta",))
    }
    for file in manifest["files"]:
        assert hashlib.sha256(opened.read(file["path"])).hexdigest() == file["sha256"]
    assert case.sha256 == hashlib.sha256(content).hexdigest()


@pytest.mark.promise("transit-38", "transit-56")
def test_a_demand_about_one_number_gets_nothing_about_another(desk: Desk) -> None:
    records, kinds = ("messaging.Message", "messaging.Body"), ("msisdn", "body")
    case, opened, _ = package(desk, records=records, kinds=kinds, number=desk.mine)
    text = everything_in(opened)

    assert desk.mine in text
    assert f"{PLANTED} one" in text
    assert desk.other not in text
    assert f"{PLANTED} two" not in text
    assert case.number == desk.mine


@pytest.mark.promise("transit-38", "transit-56")
def test_nothing_outside_of_the_period_or_of_another_workspace_is_compiled(desk: Desk) -> None:
    at, elsewhere = clock.now(), pages.shop()
    pages.message(elsewhere, to=desk.mine, text="Elsewhere")
    records, kinds = ("messaging.Message", "messaging.Body"), ("msisdn", "body", "delivery_meta")

    _, before, _ = package(desk, records=records, kinds=kinds, since=at - 9 * DAY, until=at - 2 * DAY)
    _, now, _ = package(desk, records=records, kinds=kinds)

    assert json.loads(before.read("messaging.Message.json")) == []
    assert json.loads(before.read("messaging.Body.json")) == []
    assert "Elsewhere" not in everything_in(now)


@pytest.mark.promise("transit-29")
def test_texts_that_an_order_keeps_are_disclosed_by_name_and_number(silent: Desk) -> None:
    pages.message(silent.shop, to=silent.mine, text=f"{PLANTED} kept")
    pages.message(silent.shop, to=silent.other, text=f"{PLANTED} beside it")
    at = clock.now()
    holds.place(
        workspace=silent.shop.workspace.id, basis="legal_order", units=[holds.BODIES], document="7 Gs 1/26",
        reason="order", review_at=at + 30 * DAY, by=silent.first.pk, at=at,
    )  # fmt: skip
    while keeping.keep(at=clock.now() + dt.timedelta(minutes=2)):
        pass

    _, opened, _ = package(silent, records=("messaging.KeptBody",), kinds=("body",), number=silent.mine)

    assert [row["text_ct"] for row in json.loads(opened.read("messaging.KeptBody.json"))] == [f"{PLANTED} kept"]


def test_who_is_behind_a_workspace_is_disclosed_without_secrets(desk: Desk) -> None:
    _, opened, _ = package(desk, records=("accounts.User",), kinds=("email",))
    text = everything_in(opened)

    assert desk.shop.email in text
    assert "bcrypt" not in text
    assert "Jo Doe" not in text


def test_no_secret_session_or_keyed_hash_can_be_asked_for() -> None:
    askable = {column.label for policy in scope.askable() for column in scope.columns(policy, all_kinds())}

    assert not {kind for kind in all_kinds() if kind in scope.NEVER}
    for hidden in ("accounts.User.password", "accounts.User.email_idx", "messaging.WebhookEndpoint.secret"):
        assert hidden not in askable
    assert not [label for label in askable if label.startswith("privacy.Disclosure") or "_idx" in label]


def all_kinds() -> tuple[str, ...]:
    return tuple(category.key for category in scope.kinds())


@pytest.mark.promise("transit-56")
def test_the_same_person_never_decides_twice(desk: Desk) -> None:
    case, at = told(desk), clock.now()

    with pytest.raises(register.SamePerson):
        register.approve(case, by=desk.first.pk, at=at)
    with pytest.raises(IntegrityError), transaction.atomic(using="system"):
        Disclosure.objects.using("system").filter(pk=case.pk).update(state="approved", approved_by=desk.first.pk)
    register.approve(case, by=desk.second.pk, at=at)
    with pytest.raises(register.NotNow):
        register.approve(case, by=desk.second.pk, at=at)

    assert fresh(case).approved_by == desk.second.pk
    assert decided_by_two(clock.now()).holds


@pytest.mark.promise("transit-114", "api-20")
@pytest.mark.parametrize("missing", ["authentic", "effective", "narrow"])
def test_only_an_authority_with_effective_powers_is_answered(desk: Desk, missing: str) -> None:
    case, at = register.open_case(demand(desk), by=desk.first.pk, at=clock.now()), clock.now()
    found: dict[str, Any] = {missing: False}
    unsound = replace(SOUND, **found)

    with pytest.raises(register.NotEffective):
        register.assess(case, unsound, valid=True, by=desk.first.pk, at=at)
    with pytest.raises(IntegrityError), transaction.atomic(using="system"):
        Disclosure.objects.using("system").filter(pk=case.pk).update(state="valid", assessed_by=desk.first.pk)
    register.assess(case, unsound, valid=False, by=desk.first.pk, at=at)

    assert fresh(case).state == "refused"
    for step in (register.order_notice, register.approve):
        with pytest.raises(register.NotNow):
            step(case, by=desk.second.pk, at=at)


@pytest.mark.parametrize(
    ("changed", "refused"),
    [
        ({"received_at": clock.now() + 9 * DAY}, register.InTheFuture),
        ({"records": ()}, scope.NothingNamed),
        ({"kinds": ()}, scope.NothingNamed),
        ({"records": ("messaging.Body",), "kinds": ("email",)}, scope.NothingNamed),
        ({"records": ("privacy.Hold",)}, scope.NothingNamed),
        ({"records": ("accounts.Session",)}, scope.NothingNamed),
        ({"until": clock.now() - 9 * DAY}, scope.BadPeriod),
        ({"since": clock.now() - 900 * DAY}, scope.BadPeriod),
        ({"bar_law": "StPO 101"}, register.SilenceNotBounded),
        ({"bar_until": clock.now() + DAY}, register.SilenceNotBounded),
        ({"bar_law": "StPO 101", "bar_until": clock.now() + 900 * DAY}, register.SilenceNotBounded),
    ],
)
def test_a_demand_that_is_not_bounded_is_not_taken_in(
    desk: Desk, changed: dict[str, Any], refused: type[Exception]
) -> None:
    with pytest.raises(refused):
        register.open_case(demand(desk, **changed), by=desk.first.pk, at=clock.now())


@pytest.mark.promise("transit-57")
def test_the_holder_is_told_first_and_nothing_is_compiled_before_they_could_object(desk: Desk) -> None:
    case = told(desk)
    shown = notice(case)

    assert shown is not None
    assert shown.authority == "District court of Example"
    assert case.release_at == shown.at + 7 * DAY
    with tenancy.workspace(case.workspace_id):
        owed = Notification.objects.filter(kind="disclosure", params__notice=str(shown.pk))
        assert {row.user_id for row in owed} == {desk.shop.owner.pk}
    assert [event.action for event in log(case)] == ["system:disclosure:notified"]
    register.approve(case, by=desk.second.pk, at=clock.now())
    later = leave(desk, until=shown.at + 9 * DAY)
    with pytest.raises(register.TooEarly):
        register.produce(case, leave=later, by=desk.first.pk, at=shown.at + 6 * DAY)
    made = register.produce(case, leave=later, by=desk.first.pk, at=shown.at + 7 * DAY)
    assert archives.state(made).code == "queued"


@pytest.mark.promise("transit-57")
def test_an_objection_stops_everything_until_it_is_answered(desk: Desk) -> None:
    case, at = approved(desk), clock.now()
    shown = notice(case)
    assert shown is not None
    browser = pages.client(desk.shop.owner)

    assert browser.post(f"/disclosures/{shown}/object", {"words": ""}).status_code == 422
    browser.post(f"/disclosures/{shown}/object", {"words": "It names the wrong company."})

    for step in (
        lambda: register.produce(case, leave=leave(desk), by=desk.first.pk, at=at),
        lambda: register.hand_over(case, outcome="By courier", by=desk.first.pk, at=at),
    ):
        with pytest.raises(register.Objected):
            step()
    assert "It names the wrong company." in browser.get("/disclosures").content.decode()
    register.answer_objection(case, answer="The court names you.", by=desk.first.pk, at=at)
    assert "The court names you." in browser.get("/disclosures").content.decode()
    made = register.produce(case, leave=leave(desk), by=desk.first.pk, at=at)
    assert archives.state(made).code == "queued"


def test_nobody_of_another_workspace_sees_or_stops_a_demand(desk: Desk) -> None:
    shown = notice(told(desk))
    stranger = pages.client(pages.shop().owner)

    assert "District court of Example" not in stranger.get("/disclosures").content.decode()
    assert stranger.post(f"/disclosures/{shown}/object", {"words": "Stop"}).status_code == 404


@pytest.fixture
def silent() -> Desk:
    """A workspace of its own, because silence is about all of it."""
    return Desk(
        first=staff.member("admin"), second=staff.member("admin"), shop=pages.shop(), mine=number(), other=number()
    )


@pytest.mark.promise("transit-57")
def test_where_a_law_forbids_it_the_holder_is_told_when_it_ends_and_the_leaf_is_there_before(silent: Desk) -> None:
    until = clock.now() + 30 * DAY
    pages.message(silent.shop, to=silent.mine)
    case, opened, _ = package(silent, bar_law="StPO 101", bar_until=until)
    register.hand_over(case, outcome="By courier", by=silent.first.pk, at=clock.now())
    browser = pages.client(silent.shop.owner)

    assert opened.namelist()
    assert notice(case) is None
    assert {event.withheld_until for event in log(case)} == {until}
    for page in ("/disclosures", "/activity", "/staff-access", "/notifications"):
        content = browser.get(page).content.decode()
        assert "District court" not in content, page
        assert "authority demands" not in content, page
    assert not [year for year in counting.by_year(at=clock.now()) if year.told_later]
    assert holders_told(clock.now()).holds
    assert holders_told(until + DAY).holds is False

    telling.publish(at=until + dt.timedelta(minutes=1))

    shown = notice(case)
    assert shown is not None
    assert (shown.barred_until, shown.handed_over_at is not None) == (until, True)
    assert "District court of Example" in browser.get("/disclosures").content.decode()
    assert holders_told(until + DAY).holds


def test_a_grant_for_a_demand_that_must_be_silent_is_neither_asked_nor_shown(silent: Desk) -> None:
    workspace = silent.shop.workspace
    with tenancy.workspace(workspace.id):
        type(workspace).objects.filter(pk=workspace.id).update(staff_approval=True)
    valid(silent, bar_law="StPO 101", bar_until=clock.now() + DAY)

    made = staff.grant(workspace.id, silent.first, category="legal_process")
    support = staff.grant(workspace.id, silent.second)

    assert (made.customer_asked, support.customer_asked) == (False, True)
    browser = pages.client(silent.shop.owner)
    shown = browser.get("/staff-access").content.decode()
    assert "Legal process" not in shown
    assert "Customer support" in shown
    assert browser.post(f"/staff-access/{made}", {"decision": "end"}).status_code == 404
    with tenancy.workspace(workspace.id):
        events = AuditEvent.objects.filter(workspace_id=workspace.id, action__contains=":grant:")
        assert {event.details["category"] for event in events.told(clock.now())} == {"customer_support"}
        assert events.filter(details__category="legal_process").exists()


def test_a_copy_of_the_workspace_does_not_betray_what_must_be_silent(silent: Desk) -> None:
    case = approved(silent, bar_law="StPO 101", bar_until=clock.now() + DAY)
    register.produce(case, leave=leave(silent), by=silent.first.pk, at=clock.now())
    whole = Person(subject="workspace", workspace=case.workspace_id)
    sections = {section.policy.model: section for section in holdings.sections(whole)}

    with tenancy.workspace(case.workspace_id):
        events = holdings.rows(sections["privacy.AuditEvent"], whole, at=clock.now())
        assert not events.filter(action__contains="disclosure").exists()
    assert not holdings.may("SELECT", Disclosure)


@pytest.mark.promise("transit-56")
@pytest.mark.parametrize(
    "lacks",
    [
        {"category": "customer_support"}, {"second": None}, {"level": Level.METADATA}, {"workspace": ids.uuid7()},
        {"until": clock.now() - DAY},
    ],
    ids=["another reason", "no second person", "too low", "another workspace", "over"],
)  # fmt: skip
def test_no_package_without_leave_for_legal_process(desk: Desk, lacks: dict[str, Any]) -> None:
    case = approved(desk, kinds=("msisdn",))

    with pytest.raises(register.NoLeave):
        register.produce(case, leave=leave(desk, **lacks), by=desk.first.pk, at=clock.now())


def test_handing_over_needs_a_package_that_was_taken_and_ends_it(desk: Desk) -> None:
    case, at = approved(desk), clock.now()
    with pytest.raises(register.NothingTaken):
        register.hand_over(case, outcome="By courier", by=desk.first.pk, at=at)
    case, _, _ = package(desk)
    assert case.package_id is not None

    register.hand_over(case, outcome="By courier", by=desk.first.pk, at=clock.now())

    with pytest.raises(archives.Gone):
        archives.stream(case.package_id, at=clock.now())
    shown = notice(case)
    assert shown is not None
    assert shown.handed_over_at is not None
    assert [event.action.rpartition(":")[2] for event in log(case)] == ["notified", "produced", "handed_over"]


def test_the_register_is_kept_for_its_time_and_then_goes_with_its_notice(desk: Desk) -> None:
    case = told(desk)
    register.withdraw(case, reason="The court took it back.", by=desk.first.pk, at=clock.now())

    declared.purge(at=clock.now() + 1094 * DAY)
    assert fresh(case).state == "withdrawn"
    declared.purge(at=clock.now() + 1097 * DAY)
    assert not Disclosure.objects.using("system").filter(pk=case.pk).exists()
    assert notice(case) is None


def test_the_way_through_the_pages(desk: Desk) -> None:
    first, second = pages.verified(desk.first), pages.verified(desk.second)
    workspace = ids.encode(ids.WORKSPACE, desk.shop.workspace.id)
    fields = {
        "workspace": workspace, "ground": "emergency", "authority": "Police of Example", "country": "DE",
        "law": "StPO 100j", "reference": "12/26", "received_at": f"{clock.now() - DAY:%Y-%m-%dT%H:%M}",
        "records": ["messaging.Message"], "kinds": ["msisdn", "delivery_meta"],
        "since": f"{clock.now() - DAY:%Y-%m-%dT%H:%M}", "until": f"{clock.now() + DAY:%Y-%m-%dT%H:%M}",
    }  # fmt: skip
    place = first.post("/staff/disclosures/new", fields)["Location"]
    case = place.rpartition("/")[2]

    assert first.post(f"{place}/assess", {"verdict": "valid", "authentic": "on", "reasons": "x"}).status_code == 422
    found = {"authentic": "on", "effective": "on", "narrow": "on", "reasons": "Called the station."}
    first.post(f"{place}/assess", {"verdict": "valid", **found})
    first.post(f"{place}/tell")
    telling.publish(at=clock.now())
    assert first.post(f"{place}/approve", _code(desk.first)).status_code == 422
    assert second.post(f"{place}/approve", _code(desk.second)).status_code == 302
    inside = f"/staff/workspaces/{workspace}/disclosures/{case}"
    assert first.post(f"{inside}/produce").status_code == 403
    _grant_with_second(desk)
    assert first.post(f"{inside}/produce").status_code == 302
    row = Disclosure.objects.using("system").get(pk=ids.decode(ids.DISCLOSURE, case))
    assert row.package_id is not None
    building.build(row.package_id, at=clock.now())
    looks = _looks(row.workspace_id)
    taken = first.post(f"{inside}/take")
    assert desk.mine.encode() in zipfile.ZipFile(io.BytesIO(taken.getvalue())).read("messaging.Message.json")
    assert _looks(row.workspace_id) == looks + 1
    assert "downloaded" in [event.action.rpartition(":")[2] for event in log(row)]
    assert first.post(f"{place}/hand-over", {"reasons": ""}).status_code == 422
    first.post(f"{place}/hand-over", {"reasons": "To officer at the desk, signed for."})

    assert "signed for" in second.get(place).content.decode()
    assert "Police of Example" in second.get("/staff/disclosures").content.decode()
    assert "handed over" in Client().get("/privacy/authorities").content.decode()


def _grant_with_second(desk: Desk) -> StaffGrant:
    at = clock.now()
    made = staff.grant(desk.shop.workspace.id, desk.first, Level.IDENTIFIERS, category="legal_process")
    with staff_console():
        grants.ask_for_content(grant=made, by=desk.first, at=at)
        grants.approve_content(grant=made, by=desk.second, factor_at=at, at=at)
    return made


def _code(user: User) -> dict[str, str]:
    return {"code": staff.device(user).code(clock.now())}


def _looks(workspace: UUID) -> int:
    return AuditEvent.objects.using("system").filter(workspace_id=workspace, action="staff:data:viewed").count()


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"workspace": "acme"}, "This is not an id."),
        ({"workspace": ids.encode(ids.WORKSPACE, ids.uuid7())}, "There is no such workspace."),
        ({"ground": "curiosity"}, "curiosity"),
        ({"authority": ""}, "required"),
        ({"records": ["accounts.Session"]}, "accounts.Session"),
        ({"kinds": ["secret"]}, "secret"),
        ({"kinds": []}, "Name at least one."),
        ({"since": "2026-13-01"}, "Enter day and time as in"),
        ({"until": "2020-01-01T00:00"}, "The end must lie after the beginning"),
        ({"number": "12"}, "number"),
        ({"bar_until": "2026-12-01"}, "Silence needs both"),
    ],
)
def test_a_bad_demand_is_told_at_its_field_and_what_was_typed_stays(
    desk: Desk, changed: dict[str, Any], told: str
) -> None:
    fields = {
        "workspace": ids.encode(ids.WORKSPACE, desk.shop.workspace.id), "ground": "court", "authority": "Typed by hand",
        "country": "DE", "law": "StPO 100j", "reference": "1", "received_at": "2026-01-01T10:00",
        "records": ["messaging.Message"], "kinds": ["msisdn"], "since": "2026-01-01T10:00",
        "until": "2026-02-01T10:00",
    }  # fmt: skip
    answer = pages.verified(desk.first).post("/staff/disclosures/new", fields | changed)

    assert answer.status_code == 422
    assert told in answer.content.decode()
    assert changed.get("authority", "Typed by hand") in answer.content.decode()


def test_the_register_is_for_support_and_admins_only(desk: Desk) -> None:
    case = valid(desk)

    for role, expected in (("support", 200), ("finance", 403), ("auditor", 403)):
        assert pages.verified(staff.member(role)).get(f"/staff/disclosures/{case}").status_code == expected
    assert pages.verified(desk.first).get("/staff/disclosures/dcl_x").status_code == 404
    assert pages.verified(desk.first).get("/staff/disclosures/runbook").status_code == 200
