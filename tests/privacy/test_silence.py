"""A silence that lasts longer than it began with needs a law, a document and two people; an earlier end needs one."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.db import IntegrityError, transaction

from accounts.models import StaffGrant
from privacy.disclosures import bars, declared, register, telling
from privacy.disclosures.register import NotNow, SamePerson, SilenceNotBounded
from privacy.models import AuditEvent, Disclosure, DisclosureBar
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope
from tests.factories import pages, staff
from tests.privacy.test_disclosures import DAY, Desk, approved, fresh, leave, log, notice, told, valid
from tests.privacy.test_finding import number

LAW = {"law": "StPO 101 (7)", "document": "7 Gs 1/26, extended"}


@pytest.fixture
def desk() -> Desk:
    """A workspace of its own, because silence is about all of it."""
    return Desk(
        first=staff.member("admin"), second=staff.member("admin"), shop=pages.shop(), mine=number(), other=number()
    )


def silent(desk: Desk, days: int = 30) -> Disclosure:
    return told(desk, ground="emergency", bar_law="StPO 101", bar_until=clock.now() + days * DAY)


def lengthened(desk: Desk, case: Disclosure, until: dt.datetime, at: dt.datetime | None = None) -> Disclosure:
    at = at or clock.now()
    wish = bars.ask(case, until=until, by=desk.first.pk, at=at, **LAW)
    bars.agree(wish, by=desk.second.pk, at=at)
    return fresh(case)


@pytest.mark.promise("transit-57")
def test_what_was_withheld_before_stays_so_until_the_new_day_and_not_a_moment_longer(desk: Desk) -> None:
    case = silent(desk)
    register.approve(case, by=desk.second.pk, at=clock.now())
    register.produce(case, leave=leave(desk), by=desk.first.pk, at=clock.now())
    grant = staff.grant(desk.shop.workspace.id, desk.first, category="legal_process")
    before = case.bar_until
    assert before is not None

    case = lengthened(desk, case, before + 60 * DAY)

    assert (case.bar_until, case.bar_law) == (before + 60 * DAY, LAW["law"])
    assert {event.withheld_until for event in log(case)} == {before}
    assert seen(desk, grant, before + DAY) == (False, False)
    assert seen(desk, grant, before + 61 * DAY) == (True, True)
    telling.publish(at=before + DAY)
    assert notice(case) is None
    telling.publish(at=before + 61 * DAY)
    shown = notice(case)
    assert shown is not None
    assert shown.barred_until == before + 60 * DAY


def seen(desk: Desk, grant: StaffGrant, at: dt.datetime) -> tuple[bool, bool]:
    """Whether the workspace sees the package's event, and the grant, at a time."""
    workspace = desk.shop.workspace.id
    with scope.workspace(workspace):
        events = AuditEvent.objects.filter(workspace_id=workspace, action="staff:disclosure:produced")
        return events.told(at).exists(), StaffGrant.objects.readable(at=at).filter(pk=grant.pk).exists()


def test_one_case_follows_its_own_day_and_not_that_of_another(desk: Desk) -> None:
    until = clock.now() + 30 * DAY
    first, other = (approved(desk, bar_law="StPO 101", bar_until=until) for _ in range(2))
    for case in (first, other):
        register.produce(case, leave=leave(desk), by=desk.first.pk, at=clock.now())
    lengthened(desk, first, until + 60 * DAY)

    with scope.workspace(desk.shop.workspace.id):
        events = AuditEvent.objects.filter(action="staff:disclosure:produced").told(until + DAY)
        assert [event.details["disclosure"] for event in events] == [str(other.pk)]


def test_it_can_be_lengthened_again_from_the_day_in_force(desk: Desk) -> None:
    case = silent(desk)
    before = case.bar_until
    assert before is not None
    case = lengthened(desk, case, before + 60 * DAY)

    case = lengthened(desk, case, before + 200 * DAY, at=before)

    assert case.bar_until == before + 200 * DAY
    actions = AuditEvent.objects.using("system").filter(details__disclosure=str(case.pk), action__contains=":bar_")
    assert list(actions.order_by("id").values_list("action", flat=True)) == 2 * [
        "staff:disclosure:bar_asked", "staff:disclosure:bar_lengthened",
    ]  # fmt: skip


def test_nobody_lengthens_it_alone(desk: Desk) -> None:
    case = silent(desk)
    assert case.bar_until is not None
    wish = bars.ask(case, until=case.bar_until + DAY, by=desk.first.pk, at=clock.now(), **LAW)

    with pytest.raises(SamePerson):
        bars.agree(wish, by=desk.first.pk, at=clock.now())
    with pytest.raises(IntegrityError), transaction.atomic(using="system"):
        DisclosureBar.objects.using("system").filter(pk=wish.pk).update(
            agreed=True, decided_by=desk.first.pk, decided_at=clock.now()
        )
    assert fresh(case).bar_until == case.bar_until


def test_it_is_decided_once_and_asked_once_at_a_time(desk: Desk) -> None:
    case, at = silent(desk), clock.now()
    assert case.bar_until is not None
    wish = bars.ask(case, until=case.bar_until + DAY, by=desk.first.pk, at=at, **LAW)
    with pytest.raises(NotNow):
        bars.ask(case, until=case.bar_until + 2 * DAY, by=desk.second.pk, at=at, **LAW)

    bars.decline(wish, by=desk.second.pk, at=at)

    with pytest.raises(NotNow):
        bars.agree(wish, by=desk.second.pk, at=at)
    assert fresh(case).bar_until == case.bar_until
    assert bars.waiting(case) is None


@pytest.mark.parametrize(
    ("changed", "refused"),
    [
        ({"law": " "}, SilenceNotBounded), ({"document": ""}, SilenceNotBounded),
        ({"until": clock.now() + 366 * DAY}, SilenceNotBounded), ({"until": clock.now() + DAY}, bars.NotLonger),
    ],
    ids=["no law", "no document", "beyond a year", "not longer"],
)  # fmt: skip
def test_a_longer_silence_is_named_and_bounded(desk: Desk, changed: dict, refused: type[ValueError]) -> None:  # type: ignore[type-arg]  # of a wish's parts
    case = silent(desk)
    wish = {"until": clock.now() + 90 * DAY, **LAW, **changed}

    with pytest.raises(refused):
        bars.ask(case, by=desk.first.pk, at=clock.now(), **wish)


def ended(desk: Desk) -> tuple[Disclosure, dt.datetime]:
    case = silent(desk)
    return case, clock.now() + 31 * DAY


def holder_told(desk: Desk) -> tuple[Disclosure, dt.datetime]:
    case = silent(desk)
    telling.publish(at=clock.now() + 31 * DAY)
    return case, clock.now()


def never_silent(desk: Desk) -> tuple[Disclosure, dt.datetime]:
    return valid(desk), clock.now()


def withdrawn(desk: Desk) -> tuple[Disclosure, dt.datetime]:
    case = silent(desk)
    register.withdraw(case, reason="The court took it back.", by=desk.first.pk, at=clock.now())
    return case, clock.now()


@pytest.mark.parametrize("made", [ended, holder_told, never_silent, withdrawn])
def test_a_silence_that_is_over_is_not_brought_back(
    desk: Desk, made: Callable[[Desk], tuple[Disclosure, dt.datetime]]
) -> None:
    case, at = made(desk)

    with pytest.raises(bars.Over):
        bars.ask(case, until=at + 90 * DAY, by=desk.first.pk, at=at, **LAW)
    with pytest.raises(bars.Over):
        bars.shorten(case, until=at, by=desk.first.pk, at=at)


def test_a_wish_that_comes_after_the_notice_is_too_late(desk: Desk) -> None:
    case = silent(desk)
    assert case.bar_until is not None
    wish = bars.ask(case, until=case.bar_until + DAY, by=desk.first.pk, at=clock.now(), **LAW)
    telling.publish(at=case.bar_until)

    with pytest.raises(bars.Over):
        bars.agree(wish, by=desk.second.pk, at=clock.now())


def test_the_database_takes_no_longer_silence_that_nobody_agreed_to(desk: Desk) -> None:
    case = silent(desk)
    assert case.bar_until is not None
    rows, open_one = Disclosure.objects.using("system").filter(pk=case.pk), valid(desk)
    open_one.bar_until, open_one.bar_law = case.bar_until, case.bar_law

    with pytest.raises(IntegrityError, match="nobody agreed"), transaction.atomic(using="system"):
        rows.update(bar_until=case.bar_until + DAY)
    with pytest.raises(IntegrityError, match="nobody agreed"), transaction.atomic(using="system"):
        open_one.save(using="system")


@pytest.mark.promise("transit-57")
def test_one_person_ends_it_earlier_and_the_holder_is_told(desk: Desk) -> None:
    case = silent(desk)
    grant = staff.grant(desk.shop.workspace.id, desk.first, category="legal_process")
    assert case.bar_until is not None
    wish = bars.ask(case, until=case.bar_until + DAY, by=desk.second.pk, at=clock.now(), **LAW)
    with pytest.raises(bars.NotShorter):
        bars.shorten(case, until=case.bar_until + DAY, by=desk.first.pk, at=clock.now())
    at = clock.now()

    bars.shorten(case, until=at, by=desk.first.pk, at=at)

    assert seen(desk, grant, at)[1]
    telling.publish(at=at)
    assert notice(case) is not None
    with pytest.raises((NotNow, bars.Over)):
        bars.agree(wish, by=desk.first.pk, at=at)


def test_the_changes_go_with_their_case(desk: Desk) -> None:
    case = silent(desk)
    assert case.bar_until is not None
    lengthened(desk, case, case.bar_until + DAY)
    register.withdraw(case, reason="The court took it back.", by=desk.first.pk, at=clock.now())

    declared.purge(at=clock.now() + 1097 * DAY)

    assert bars.of_case(case) == []


def test_the_way_through_the_pages(desk: Desk) -> None:
    case, today = silent(desk), clock.now()
    first, second = pages.verified(desk.first), pages.verified(desk.second)
    place = f"/staff/disclosures/{case}"
    fields = {
        "bar_until": f"{today + 90 * DAY:%Y-%m-%d}", "bar_law": "StPO 101", "bar_document": "7 Gs 1/26, extended",
    }  # fmt: skip

    refused = first.post(f"{place}/lengthen", {**fields, "bar_until": f"{today + 500 * DAY:%Y-%m-%d}"})
    assert refused.status_code == 422
    assert "Silence needs both" in refused.content.decode()
    assert "7 Gs 1/26, extended" in refused.content.decode()
    assert first.post(f"{place}/lengthen", {**fields, "bar_document": ""}).status_code == 422
    assert first.post(f"{place}/lengthen", fields).status_code == 302
    wish = bars.waiting(case)
    assert wish is not None
    assert "Take it back" in first.get(place).content.decode()
    said = {"wish": str(wish.pk), "decision": "agree"}
    asked = second.post(f"{place}/silence", said)
    assert asked["Location"].startswith("/account/confirm?")
    assert fresh(case).bar_until == case.bar_until
    second.post(f"{place}/silence", {**said, "wish": str(ids.uuid7()), "code": "1"})
    assert bars.waiting(case) == wish
    second.post(f"{place}/silence", {**said, "code": staff.device(desk.second).code(clock.now())})
    after = fresh(case).bar_until
    assert after is not None
    assert after.date() == (today + 90 * DAY).date()
    shown = second.get(place).content.decode()
    assert "Longer silence agreed" in shown

    assert first.post(f"{place}/shorten", {"ends_on": f"{today + 200 * DAY:%Y-%m-%d}"}).status_code == 422
    assert first.post(f"{place}/shorten", {"ends_on": f"{today:%Y-%m-%d}"}).status_code == 302
    telling.publish(at=clock.now())
    assert "Silence ended earlier" in first.get(place).content.decode()
    assert notice(case) is not None
