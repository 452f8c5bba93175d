"""What stands out: each rule finds what it is for, and nothing in ordinary work."""

import datetime as dt
from typing import Any
from uuid import UUID, uuid4

import pytest
from pytest_django.fixtures import Settings

from accounts import flags, grants
from accounts.flags import Flag
from accounts.models.user import StaffRole
from privacy import audit
from smsplatform.lib import clock
from smsplatform.lib.tenancy import scope
from tests.factories import pages, staff
from tests.factories.superuser import superuser


def looked(actor: UUID, *, workspace: UUID | None = None, at: dt.datetime | None = None, **details: str) -> None:
    place = workspace or uuid4()
    told = {"grant": str(uuid4()), "level": "METADATA", "category": "customer_support", "ticket": "DESK-1", **details}
    with scope.workspace(place):
        audit.record(action="staff:data:viewed", workspace=place, actor=actor, at=at or office(), details=told)


def office() -> dt.datetime:
    """The last weekday's noon: nothing about the time stands out."""
    noon = clock.now().replace(hour=12, minute=0, second=0, microsecond=0) - dt.timedelta(days=1)
    while noon.isoweekday() > 5:
        noon -= dt.timedelta(days=1)
    return noon


def found(actor: UUID) -> list[Flag]:
    return [flag for flag in flags.found(at=clock.now()) if flag.actor == actor]


def kinds(actor: UUID) -> set[str]:
    return {flag.kind for flag in found(actor)}


def test_ordinary_work_stands_out_to_nobody() -> None:
    actor, grant = uuid4(), str(uuid4())
    for level in ("METADATA", "METADATA", "IDENTIFIERS", "CONTENT"):
        looked(actor, grant=grant, level=level)

    assert kinds(actor) == set()


@pytest.mark.promise("fleet-15")
def test_many_workspaces_in_an_hour() -> None:
    actor = uuid4()
    for _ in range(flags.WORKSPACES_MAX + 1):
        looked(actor)

    assert kinds(actor) == {"many_workspaces"}


@pytest.mark.promise("fleet-15")
def test_content_without_identifiers_first() -> None:
    actor, grant = uuid4(), str(uuid4())
    for level in ("METADATA", "CONTENT", "IDENTIFIERS"):
        looked(actor, grant=grant, level=level)

    assert kinds(actor) == {"content_first"}


@pytest.mark.parametrize("hours", [-9, 11])  # three in the morning, eleven at night
def test_outside_hours(hours: int) -> None:
    actor = uuid4()
    looked(actor, at=office() + dt.timedelta(hours=hours))

    assert kinds(actor) == {"outside_hours"}


@pytest.mark.parametrize(
    ("zone", "hours", "days", "hour", "stands_out"),
    [
        ("Asia/Tokyo", "09:00-18:00", [1, 2, 3, 4, 5], 12, True),  # noon in UTC is nine in the evening there
        ("Asia/Tokyo", "09:00-18:00", [1, 2, 3, 4, 5], 3, False),
        ("UTC", "22:00-06:00", [1, 2, 3, 4, 5], 12, True),
        ("UTC", "22:00-06:00", [1, 2, 3, 4, 5], 23, False),
        ("UTC", "07:00-20:00", [6, 7], 12, True),
    ],
)
def test_the_hours_are_those_of_the_operator(
    settings: Settings, zone: str, hours: str, days: list[int], hour: int, stands_out: bool
) -> None:
    settings.STAFF_TIME_ZONE, settings.STAFF_HOURS, settings.STAFF_DAYS = zone, hours, days
    actor = uuid4()
    looked(actor, at=office().replace(hour=hour))

    assert ("outside_hours" in kinds(actor)) is stands_out


def test_a_night_shift_that_began_on_friday_ends_on_saturday(settings: Settings) -> None:
    settings.STAFF_TIME_ZONE, settings.STAFF_HOURS, settings.STAFF_DAYS = "UTC", "22:00-06:00", [1, 2, 3, 4, 5]
    friday, late, early = office() - dt.timedelta(days=7), uuid4(), uuid4()
    while friday.isoweekday() != 5:
        friday -= dt.timedelta(days=1)
    looked(late, at=friday + dt.timedelta(hours=15))  # three on Saturday morning
    looked(early, at=friday + dt.timedelta(days=2, hours=15))  # three on Monday morning: of Sunday's shift

    assert kinds(late) == set()
    assert kinds(early) == {"outside_hours"}


def test_mostly_unmasked() -> None:
    actor, grant, place = uuid4(), str(uuid4()), uuid4()
    for _ in range(flags.LOOKS_MIN):
        looked(actor, workspace=place, grant=grant, level="IDENTIFIERS")

    assert kinds(actor) == {"mostly_unmasked"}


def test_one_ticket_and_one_text_for_several_workspaces() -> None:
    member, text = staff.member(), "The same words every time, again"
    for _ in range(flags.REASONS_MAX):
        staff.grant(pages.shop().workspace.id, member, reason=text, ticket="DESK-77")

    assert kinds(member.pk) == {"ticket_elsewhere", "repeated_text"}


def test_a_break_glass_waits_for_its_review_and_is_overdue_after_two_days() -> None:
    member = staff.member()
    opened = staff.grant(pages.shop().workspace.id, member, break_glass=True)

    (flag,) = found(member.pk)
    later = [each for each in flags.found(at=clock.now() + dt.timedelta(days=3)) if each.actor == member.pk]
    assert (flag.kind, flag.overdue, later[0].overdue) == ("break_glass", False, True)

    grants.review(grant=opened, by=staff.member(StaffRole.AUDITOR), at=clock.now())
    assert kinds(member.pk) == set()


def form(flag: Flag, **changed: str) -> dict[str, str]:
    return {
        "flag": flag.key,
        "verdict": "in_order",
        "note": "Looked at the ticket; the night shift was on call.",
        **changed,
    }


def night(actor: UUID) -> Flag:
    looked(actor, at=office() + dt.timedelta(hours=11))
    return found(actor)[0]


def test_an_auditor_signs_a_flag_off_and_the_page_says_who() -> None:
    member, auditor = staff.member(), staff.member(StaffRole.AUDITOR)
    flag, browser = night(member.pk), pages.verified(auditor)

    answer = browser.post("/staff/reviews/sign", form(flag), follow=True)

    assert "the night shift was on call" in answer.content.decode()
    with superuser() as connection:
        told = connection.execute(
            "SELECT details->>'verdict' FROM privacy_audit_event "
            "WHERE action = 'staff:review:signed' AND actor_id = %s",
            [auditor.pk],
        ).fetchall()
    assert told == [("in_order",)]
    assert browser.post("/staff/reviews/sign", form(flag)).status_code == 422


def test_a_break_glass_is_reviewed_by_signing_it_off() -> None:
    member = staff.member()
    staff.grant(pages.shop().workspace.id, member, break_glass=True)
    (flag,) = found(member.pk)

    answer = pages.verified(staff.member(StaffRole.AUDITOR)).post("/staff/reviews/sign", form(flag))

    assert answer.status_code == 302
    assert found(member.pk) == []


def test_nobody_signs_themselves_off() -> None:
    admin = staff.member(StaffRole.ADMIN)
    flag = night(admin.pk)

    answer = pages.verified(admin).post("/staff/reviews/sign", form(flag))

    assert answer.status_code == 422
    assert "somebody else has to sign it off" in answer.content.decode()


@pytest.mark.parametrize("changed", [{"note": "ok"}, {"note": ""}, {"verdict": "fine"}, {"note": "x" * 301}])
def test_a_poor_sign_off_is_refused_with_the_reason_and_keeps_what_was_typed(changed: dict[str, Any]) -> None:
    flag = night(uuid4())

    answer = pages.verified(staff.member(StaffRole.AUDITOR)).post("/staff/reviews/sign", form(flag, **changed))

    assert answer.status_code == 422
    assert "aria-invalid" in answer.content.decode()


def test_a_flag_that_is_none_is_not_found() -> None:
    answer = pages.verified(staff.member(StaffRole.AUDITOR)).post("/staff/reviews/sign", {"flag": "break_glass:x:y"})

    assert answer.status_code == 404
