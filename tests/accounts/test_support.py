"""Support threads by their rules: states, limits, what time does, and the register of tickets."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connections

from accounts import flags, grants, notifications, promises, support, tickets, upkeep
from accounts.grants import GrantRefused
from accounts.models import Notification, SupportEntry, SupportThread, User
from accounts.support import State, SupportRefused
from privacy import audit, profiles, registry
from privacy.models import AuditEvent
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope
from smsplatform.lib.tenancy import staff as doors
from tests.factories import pages, staff
from tests.factories import support as cases
from tests.factories.superuser import superuser

DAY = dt.timedelta(days=1)


@pytest.fixture(scope="module")
def shop() -> pages.Shop:
    return pages.shop()


def fresh(thread: SupportThread) -> SupportThread:
    with scope.workspace(thread.workspace_id):
        return SupportThread.objects.get(pk=thread.pk)


def answer(thread: SupportThread, by: User, *, resolves: bool = False) -> None:
    with scope.workspace(thread.workspace_id):
        support.answer(thread=thread, by=by, text="We look into it.", resolves=resolves, at=clock.now())


def write(thread: SupportThread, by: User, at: dt.datetime | None = None) -> None:
    with scope.workspace(thread.workspace_id):
        support.write(thread=thread, by=by, text="Still late.", at=at or clock.now())


def age(thread: SupportThread, by: dt.timedelta) -> None:
    with superuser() as connection:
        connection.execute(
            "UPDATE accounts_support_thread SET resolved_at = resolved_at - %(by)s, last_at = last_at - %(by)s "
            "WHERE id = %(id)s",
            {"by": by, "id": thread.pk},
        )


def test_a_thread_goes_from_question_to_answer_to_resolved_and_back(shop: pages.Shop) -> None:
    thread, member = cases.thread(shop.workspace, shop.owner), staff.member()
    assert (thread.state, thread.asked_at) == (State.OPEN, thread.opened_at)

    answer(thread, member)
    answered = fresh(thread)
    assert (answered.state, answered.asked_at, answered.assigned_to) == (State.WAITING, None, member.pk)

    answer(thread, member, resolves=True)
    assert fresh(thread).state == State.RESOLVED

    write(thread, shop.owner)
    again = fresh(thread)
    assert (again.state, again.resolved_at) == (State.OPEN, None)
    with scope.workspace(shop.workspace.pk):
        rows = AuditEvent.objects.filter(workspace_id=shop.workspace.pk, details__ticket=thread.number).order_by("id")
        told = [row.action for row in rows]
    assert told == [
        "user:support:opened", "staff:support:answered", "staff:support:answered", "staff:support:resolved",
        "user:support:reopened",
    ]  # fmt: skip


def test_supports_turn_is_counted_from_the_first_letter_without_answer(shop: pages.Shop) -> None:
    thread = cases.thread(shop.workspace, shop.owner)

    write(thread, shop.owner, thread.opened_at + DAY)

    assert fresh(thread).asked_at == thread.opened_at
    assert support.due(thread.asked_at) == thread.opened_at + profiles.duration("sla.inquiry")


def test_what_is_resolved_is_not_resolved_or_answered_again(shop: pages.Shop) -> None:
    thread, member = cases.resolved(shop.workspace, shop.owner), staff.member()

    with scope.workspace(shop.workspace.pk):
        with pytest.raises(SupportRefused, match="resolved"):
            support.settle(thread=thread, by=shop.owner, at=clock.now())
        with pytest.raises(SupportRefused, match="resolved"):
            support.resolve(thread=thread, by=member, at=clock.now())
        with pytest.raises(SupportRefused, match="resolved"):
            support.take(thread=thread, by=member, at=clock.now())
        with pytest.raises(SupportRefused, match="resolved"):
            support.answer(thread=thread, by=member, text="Too late.", resolves=False, at=clock.now())


def test_a_thread_is_opened_again_within_a_month_and_not_later(shop: pages.Shop) -> None:
    thread = cases.resolved(shop.workspace, shop.owner)
    age(thread, support.REOPENED_WITHIN)

    with pytest.raises(SupportRefused, match="over"):
        write(thread, shop.owner)


def test_a_workspace_asks_so_much_in_a_day_and_no_more_even_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    mine, theirs = pages.shop(), pages.shop()
    monkeypatch.setattr(support, "THREADS_MAX", 3)

    def ask(_: int) -> str:
        try:
            return cases.thread(mine.workspace, mine.owner).number
        except SupportRefused as refused:
            return refused.code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        told = list(pool.map(ask, range(6)))

    assert told.count("threads") == 3
    assert cases.thread(theirs.workspace, theirs.owner).state == State.OPEN


def test_letters_of_a_day_are_bounded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = pages.shop()
    monkeypatch.setattr(support, "LETTERS_MAX", 2)
    thread = cases.thread(shop.workspace, shop.owner)
    write(thread, shop.owner)

    with pytest.raises(SupportRefused, match="letters"):
        write(thread, shop.owner)


def test_words_are_sealed_in_the_tables(shop: pages.Shop) -> None:
    thread = cases.thread(shop.workspace, shop.owner)

    with superuser() as connection:
        row = connection.execute(
            "SELECT t.subject, e.text FROM accounts_support_thread t "
            "JOIN accounts_support_entry e ON e.thread_id = t.id WHERE t.id = %s",
            [thread.pk],
        ).fetchone()
    assert row is not None
    assert cases.SUBJECT.encode() not in bytes(row[0])
    assert cases.TEXT.encode() not in bytes(row[1])


# What the people of a thread are told


def test_who_wrote_is_told_of_an_answer_and_reads_no_word_of_it_in_the_mail(mailoutbox: list[object]) -> None:
    shop, member = pages.shop(), staff.member()
    thread = cases.thread(shop.workspace, shop.viewer)

    answer(thread, member)

    with scope.workspace(shop.workspace.pk):
        told = list(Notification.objects.filter(workspace_id=shop.workspace.pk, kind="support_answered"))
    assert [row.user_id for row in told] == [shop.viewer.pk]
    notifications.send(at=clock.now())
    (letter,) = [mail for mail in mailoutbox if thread.number in mail.subject]  # type: ignore[attr-defined]  # a mail
    whole = letter.body + str(letter.alternatives)  # type: ignore[attr-defined]  # likewise
    assert f"/support/{thread.number}" in letter.body  # type: ignore[attr-defined]  # likewise
    assert "We look into it." not in whole
    assert cases.SUBJECT not in whole
    assert member.name not in whole


def test_who_left_the_workspace_is_told_nothing() -> None:
    shop = pages.shop()
    thread = cases.thread(shop.workspace, shop.viewer)
    with superuser() as connection:
        connection.execute("DELETE FROM accounts_membership WHERE user_id = %s", [shop.viewer.pk])

    answer(thread, staff.member())

    with scope.workspace(shop.workspace.pk):
        assert not Notification.objects.filter(workspace_id=shop.workspace.pk, user_id=shop.viewer.pk).exists()


# What time does


@pytest.mark.promise("transit-16", "transit-62")
def test_a_thread_is_kept_for_its_time_after_it_was_resolved_and_then_neither_read_nor_there(shop: pages.Shop) -> None:
    kept, unresolved = profiles.duration("retention.support"), cases.thread(shop.workspace, shop.owner)
    over, young = cases.resolved(shop.workspace, shop.owner), cases.resolved(shop.workspace, shop.owner)
    age(over, kept)
    age(young, kept - DAY)

    def there() -> set[str]:
        with scope.workspace(shop.workspace.pk):
            rows = support.readable(workspace=shop.workspace.pk, reader=shop.owner.pk, everything=True, at=clock.now())
            return set(rows.values_list("number", flat=True)) & {each.number for each in (unresolved, over, young)}

    assert there() == {unresolved.number, young.number}  # before any purge
    unit = registry.unit("support threads")
    assert unit.due is not None
    assert unit.purge is not None
    assert (unit.due() or clock.now()) <= clock.now()
    while unit.purge(at=clock.now()):
        pass
    with superuser() as connection:
        rows = connection.execute(
            "SELECT (SELECT count(*) FROM accounts_support_thread WHERE id = %(id)s), "
            "(SELECT count(*) FROM accounts_support_entry WHERE thread_id = %(id)s)",
            {"id": over.pk},
        ).fetchone()
    assert rows == (0, 0)
    assert there() == {unresolved.number, young.number}


@pytest.mark.promise("transit-62")
def test_what_nobody_wrote_about_for_two_weeks_after_an_answer_is_resolved(shop: pages.Shop) -> None:
    forgotten, asked = cases.thread(shop.workspace, shop.owner), cases.thread(shop.workspace, shop.owner)
    answer(forgotten, staff.member())
    age(forgotten, support.IDLE + DAY)
    age(asked, support.IDLE + DAY)

    support.settle_idle(at=clock.now())

    assert fresh(forgotten).state == State.RESOLVED
    assert fresh(asked).state == State.OPEN


def test_the_purge_of_other_units_leaves_threads_alone(shop: pages.Shop) -> None:
    thread = cases.thread(shop.workspace, shop.owner)

    assert upkeep.purge_support(at=clock.now() + 100 * 365 * DAY) >= 0

    assert fresh(thread).state == State.OPEN  # never resolved, so never over


# The register


def refusal(shop: pages.Shop, ticket: str) -> str:
    with doors.console(), pytest.raises(GrantRefused) as told:
        grants.check(workspace=shop.workspace.pk, by=staff.member(), wish=staff.wish(ticket=ticket), at=clock.now())
    assert told.value.field == "ticket"
    return told.value.code


def test_a_ticket_of_ours_must_be_the_workspaces_own_and_unresolved(shop: pages.Shop) -> None:
    other = pages.shop()

    assert refusal(shop, "SUP-1234") == "pattern"
    assert refusal(shop, "SUP-222222") == "unknown"
    assert refusal(shop, cases.thread(other.workspace, other.owner).number) == "elsewhere"
    assert refusal(shop, cases.resolved(shop.workspace, shop.owner).number) == "closed"
    staff.grant(shop.workspace.pk, staff.member(), ticket=cases.thread(shop.workspace, shop.owner).number)


def test_numbers_are_told_apart_and_name_no_person() -> None:
    made = {tickets.number() for _ in range(200)}

    assert len(made) == 200
    assert all(tickets.is_number(each) and len(each) <= 12 for each in made)


def test_a_number_that_somebody_has_is_not_given_again(shop: pages.Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    taken, free = cases.thread(pages.shop().workspace, shop.owner).number, tickets.number()
    drawn = iter([taken, free, taken, taken, taken])
    monkeypatch.setattr(tickets, "number", lambda: next(drawn))

    assert cases.thread(shop.workspace, shop.owner).number == free
    with pytest.raises(IntegrityError):
        cases.thread(shop.workspace, shop.owner)


def looked(thread: SupportThread, actor: User, at: dt.datetime) -> None:
    told = {
        "grant": str(ids.uuid7()), "level": "METADATA", "category": "customer_support", "ticket": thread.number,
    }  # fmt: skip
    with scope.workspace(thread.workspace_id):
        audit.record(action="staff:data:viewed", workspace=thread.workspace_id, actor=actor.pk, at=at, details=told)


def test_a_look_after_the_ticket_was_closed_stands_out(shop: pages.Shop) -> None:
    member, thread = staff.member(), cases.resolved(shop.workspace, shop.owner)
    assert thread.resolved_at is not None

    def kinds() -> set[str]:
        return {flag.kind for flag in flags.found(at=clock.now()) if flag.actor == member.pk} - {"outside_hours"}

    looked(thread, member, thread.resolved_at + dt.timedelta(minutes=1))
    assert kinds() == set()
    looked(thread, member, thread.resolved_at + dt.timedelta(minutes=10))
    assert kinds() == {"closed_ticket"}


def test_an_entry_of_another_workspace_cannot_be_hung_on_a_thread(shop: pages.Shop) -> None:
    thread, other = cases.thread(shop.workspace, shop.owner), pages.shop()

    with pytest.raises(Exception, match="support_entry_thread"), scope.workspace(other.workspace.pk):
        SupportEntry.objects.create(
            workspace=other.workspace, thread_id=thread.pk, user=other.owner, text="x", at=clock.now()
        )


# The board


def ago(thread: SupportThread, column: str, by: dt.timedelta) -> None:
    with superuser() as connection:
        connection.execute(
            f"UPDATE accounts_support_thread SET {column} = now() - %s WHERE id = %s".encode(), [by, thread.pk]
        )


def kept() -> tuple[bool, int, int]:
    told = promises.support_kept(clock.now())
    return bool(told.holds), int(told.evidence["over"]), int(told.evidence["forgotten"])


def late() -> int:
    return int(promises.support_answered(clock.now()).evidence["late"])


@pytest.mark.promise("transit-16", "transit-62")
def test_the_board_turns_red_over_threads_past_their_time_and_forgotten_ones(shop: pages.Shop) -> None:
    over, forgotten = cases.resolved(shop.workspace, shop.owner), cases.thread(shop.workspace, shop.owner)
    answer(forgotten, staff.member())
    before = kept()

    ago(over, "resolved_at", profiles.duration("retention.support") + 2 * DAY)
    ago(forgotten, "last_at", support.IDLE + 2 * DAY)

    assert kept() == (False, before[1] + 1, before[2] + 1)


@pytest.mark.promise("team-19")
def test_the_board_turns_red_over_questions_that_wait_too_long(shop: pages.Shop) -> None:
    thread = cases.thread(shop.workspace, shop.owner)
    before = late()
    ago(thread, "asked_at", profiles.duration("sla.inquiry") + 3 * DAY)

    assert late() == before + 1
    assert not promises.support_answered(clock.now()).holds
    answer(thread, staff.member())
    assert late() == before
