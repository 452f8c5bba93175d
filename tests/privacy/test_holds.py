"""Holds and debugging windows: the only two ways in which anything outlives its time, and how each ends."""

import datetime as dt
from collections.abc import Iterator
from uuid import UUID, uuid4

import psycopg
import pytest
import time_machine
from django.core import mail as outbox
from django.db import IntegrityError, connections, transaction

from accounts import closing, support
from accounts import upkeep as people
from accounts.models import SupportThread, User
from accounts.promises import support_kept
from messaging import keeping, presenting, recall
from messaging import upkeep as traffic
from messaging.models import Message
from privacy import ciphers, debugging, erasure, hold_reviews, holds, keyring, retention
from privacy.abuse import cases as abuse
from privacy.abuse import declared
from privacy.disclosures import scope as demands
from privacy.erasure import resuming
from privacy.models import AbuseCase, DebugWindow, Disclosure, Hold
from privacy.people import Person
from smsplatform.lib import clock, ids
from smsplatform.lib.api.problems import Problem
from smsplatform.lib.tenancy import scope
from tests.factories import pages
from tests.factories import support as threads
from tests.factories.superuser import superuser
from tests.privacy.test_retention import aged, count, stored

DAY = dt.timedelta(days=1)
TEXT = "kept because of a case"


@pytest.fixture
def partitions_back() -> Iterator[None]:
    """A purge in the future drops what other tests of this database still write to."""
    yield
    retention.extend(at=clock.now())


def placed(shop: pages.Shop, **values: object) -> Hold:
    at = clock.now()
    wanted = {
        "basis": Hold.Basis.INVESTIGATION, "units": [holds.BODIES], "reason": "spam wave", "review_at": at + 30 * DAY,
        "by": uuid4(), "at": at, **values,
    }  # fmt: skip
    return holds.place(workspace=shop.workspace.id, **wanted)  # type: ignore[arg-type]  # test values by name


def kept(at: dt.datetime) -> None:
    while keeping.keep(at=at + dt.timedelta(minutes=2)):
        pass


def text_shown(shop: pages.Shop, message: Message, at: dt.datetime) -> object:
    with scope.workspace(shop.workspace.id):
        return presenting.of_row(message, at=at)["body"]


# Holds


@pytest.mark.promise("transit-27")
def test_a_text_under_a_hold_outlives_its_key_and_is_shown_to_no_customer(partitions_back: None) -> None:
    shop = pages.shop()
    hold = placed(shop)
    message = stored(shop, pages.message(shop, text=TEXT))
    kept(clock.now())

    later = (
        message.body_expires_at + 2 * DAY
    )  # as an argument: ids made while travelling would stay ahead of their time
    assert [run.unit for run in retention.purge(at=later) if run.error] == []

    assert keeping.held_text(hold=hold, message=message.id) == TEXT
    assert text_shown(shop, message, later) is None
    assert count("messaging_body", "message_id = %s", message.id) == 0


@pytest.mark.promise("transit-27")
def test_releasing_ends_it_at_once_and_the_purge_takes_what_is_left() -> None:
    shop = pages.shop()
    hold, message = placed(shop), stored(shop, pages.message(shop, text=TEXT))
    kept(clock.now())

    holds.release(hold=hold, reason="nothing found", by=uuid4(), at=clock.now())

    with pytest.raises(ciphers.KeyDestroyed):
        keeping.held_text(hold=hold, message=message.id)
    with pytest.raises(keyring.KeyDestroyed):
        holds.key_of(hold)
    while keeping.clear(at=clock.now()):
        pass
    assert count("messaging_kept_body", "hold_id = %s", hold.pk) == 0
    with pytest.raises(holds.Released):
        holds.review(hold=hold, review_at=clock.now() + DAY, by=uuid4(), at=clock.now())


def test_a_hold_keeps_the_messages_it_names_and_no_others() -> None:
    shop = pages.shop()
    named, other = (stored(shop, public) for public in pages.messages(shop, count=2, text=TEXT))

    hold = placed(shop, messages=[named.id])
    kept(clock.now())

    assert keeping.held_text(hold=hold, message=named.id) == TEXT
    assert keeping.held_text(hold=hold, message=other.id) is None


def test_metadata_under_a_hold_is_neither_purged_nor_erased_and_its_workspace_waits() -> None:
    shop = pages.shop()
    old = aged(pages.message(shop), 91)
    hold = placed(shop, units=[holds.METADATA])

    while traffic.purge_metadata(at=clock.now()):
        pass
    with scope.workspace(shop.workspace.id), pytest.raises(Problem):
        recall.erase(workspace=shop.workspace.id, message=old, by=None, at=clock.now())
    with scope.workspace(shop.workspace.id):
        closing.close(workspace=shop.workspace, by=shop.owner, when=closing.When.NOW, at=clock.now())
    assert shop.workspace.id not in closing.due(at=clock.now() + DAY)
    assert count("messaging_message", "id = %s", old) == 1

    holds.release(hold=hold, reason="done", by=uuid4(), at=clock.now())
    while traffic.purge_metadata(at=clock.now()):
        pass
    assert count("messaging_message", "id = %s", old) == 0
    assert shop.workspace.id in closing.due(at=clock.now() + DAY)
    traffic.extend_partitions(at=clock.now())


@pytest.mark.promise("transit-29")
def test_an_order_is_named_and_a_hold_is_reviewed_within_ninety_days() -> None:
    shop, at = pages.shop(), clock.now()

    with pytest.raises(holds.OrderNotNamed):
        placed(shop, basis=Hold.Basis.LEGAL_ORDER)
    with pytest.raises(holds.NotBounded):
        placed(shop, review_at=at + 91 * DAY)

    hold = placed(shop, basis=Hold.Basis.LEGAL_ORDER, document="Az. 5 Gs 12/26")
    with superuser() as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute("UPDATE privacy_hold SET review_at = now() + interval '1 year' WHERE id = %s", [hold.pk])


@pytest.mark.promise("transit-29")
def test_a_hold_past_its_review_stands_and_somebody_is_reminded_every_week() -> None:
    shop = pages.shop()
    user, email = pages.person(staff_role="admin")
    hold = placed(shop, by=user.pk)
    at = hold.review_at - 30 * DAY

    told = []
    for days in (0, 23, 24, 30, 31, 37):
        hold_reviews.remind(at=at + days * DAY)
        told.append(len([letter for letter in outbox.outbox if letter.to == [email]]))
        hold_reviews.remind(at=at + days * DAY)

    assert told == [0, 1, 1, 2, 2, 3]
    assert outbox.outbox[-1].subject.startswith("Overdue: review of hold hld_")
    assert hold in hold_reviews.late(at=at + 31 * DAY)
    assert holds.standing(workspace=shop.workspace.id, unit=holds.BODIES)
    holds.review(hold=hold, review_at=at + 60 * DAY, by=user.pk, at=at + 37 * DAY)
    hold_reviews.remind(at=at + 38 * DAY)
    assert len([letter for letter in outbox.outbox if letter.to == [email]]) == 3


def test_the_web_role_sees_no_hold() -> None:
    placed(pages.shop())

    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT has_table_privilege('sp_app', 'privacy_hold', 'SELECT')")
        assert cursor.fetchone() == (False,)


# The database


@pytest.mark.promise("transit-30")
def test_the_database_keeps_no_text_without_a_hold_or_window() -> None:
    with superuser() as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute(
            "INSERT INTO messaging_kept_body (id, message_id, workspace_id, text_ct) VALUES (%s, %s, %s, '')",
            [uuid4(), uuid4(), uuid4()],
        )


@pytest.mark.promise("transit-30")
def test_the_database_takes_no_message_whose_text_is_to_live_beyond_the_cap() -> None:
    shop = pages.shop()
    message = stored(shop, pages.message(shop, text=TEXT))

    with superuser() as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute(
            "UPDATE messaging_message SET body_expires_at = body_expires_at + interval '1 minute' WHERE id = %s",
            [message.id],
        )


# Debugging windows


def opened(shop: pages.Shop, days: int = 3) -> DebugWindow:
    at = clock.now()
    with scope.workspace(shop.workspace.id):
        return debugging.start(workspace=shop.workspace.id, ends_at=at + days * DAY, by=shop.owner.pk, at=at)


@pytest.mark.promise("transit-28")
def test_texts_of_a_window_stay_readable_until_it_ends_and_not_a_moment_longer(partitions_back: None) -> None:
    shop = pages.shop()
    window = opened(shop)
    message = stored(shop, pages.message(shop, text=TEXT))
    kept(clock.now())

    with time_machine.travel(window.ends_at - dt.timedelta(minutes=1), tick=False):
        assert text_shown(shop, message, clock.now()) == TEXT
    with time_machine.travel(window.ends_at, tick=False):
        assert text_shown(shop, message, clock.now()) is None
    while keeping.clear(at=window.ends_at):
        pass
    assert count("messaging_kept_body", "window_id = %s", window.pk) == 0


@pytest.mark.promise("transit-28")
def test_a_window_closed_early_shows_nothing_from_then_on() -> None:
    shop = pages.shop()
    opened(shop)
    message = stored(shop, pages.message(shop, text=TEXT))
    kept(clock.now())
    later = message.body_expires_at + dt.timedelta(hours=1)
    assert text_shown(shop, message, later) == TEXT

    with scope.workspace(shop.workspace.id):
        assert debugging.stop(workspace=shop.workspace.id, by=shop.owner.pk, at=clock.now())

    assert text_shown(shop, message, later) is None


@pytest.mark.promise("transit-28")
def test_a_window_has_an_end_within_thirty_days_and_the_database_says_so() -> None:
    shop, at = pages.shop(), clock.now()

    with scope.workspace(shop.workspace.id), pytest.raises(debugging.NotBounded):
        debugging.start(workspace=shop.workspace.id, ends_at=at + 31 * DAY, by=shop.owner.pk, at=at)
    with scope.workspace(shop.workspace.id), pytest.raises(IntegrityError), transaction.atomic():
        DebugWindow.objects.create(
            workspace_id=shop.workspace.id, opened_by=shop.owner.pk, opened_at=at, ends_at=at + 31 * DAY
        )


def test_a_text_sent_before_the_window_is_not_kept() -> None:
    shop = pages.shop()
    message = stored(shop, pages.message(shop, text=TEXT))
    at = ids.time_of(message.id) + dt.timedelta(seconds=1)
    with scope.workspace(shop.workspace.id):
        debugging.start(workspace=shop.workspace.id, ends_at=at + DAY, by=shop.owner.pk, at=at)
    kept(at)

    assert text_shown(shop, message, message.body_expires_at + dt.timedelta(hours=1)) is None


def test_another_workspaces_window_keeps_nothing_of_ours() -> None:
    mine, theirs = pages.shop(), pages.shop()
    opened(theirs)
    message = stored(mine, pages.message(mine, text=TEXT))
    kept(clock.now())

    with scope.workspace(theirs.workspace.id):
        assert keeping.window_texts(workspace=theirs.workspace.id, messages=[message.id], at=clock.now()) == {}
    assert text_shown(mine, message, message.body_expires_at) is None


def test_the_page_opens_and_closes_a_window_and_refuses_one_without_end() -> None:
    shop = pages.shop()
    browser = pages.client(shop.owner)

    refused = browser.post("/settings/retention/window", {"days": "31"})
    browser.post("/settings/retention/window", {"days": "2"})
    shown = browser.get("/messages").content.decode()
    browser.post("/settings/retention/window/close")

    assert refused.status_code == 422
    assert "At most 30 days" in refused.content.decode()
    assert "Debugging window" in shown
    assert "Debugging window:" not in browser.get("/messages").content.decode()
    assert pages.client(shop.viewer).post("/settings/retention/window", {"days": "2"}).status_code == 403


def test_ids_of_holds_are_public_ids() -> None:
    hold = placed(pages.shop())

    assert ids.decode("hld", str(hold)) == hold.pk


@pytest.mark.promise("transit-28")
def test_redacting_or_erasing_a_message_removes_what_its_window_kept_too() -> None:
    shop = pages.shop()
    opened(shop)
    redacted, erased = stored(shop, pages.message(shop, text=TEXT)), stored(shop, pages.message(shop, text=TEXT))
    kept(clock.now())
    both = [redacted.id, erased.id]
    assert count("messaging_kept_body", "message_id = ANY (%s)", both) == 2

    with scope.workspace(shop.workspace.id):
        for message in (redacted, erased):
            recall.cancel(workspace=shop.workspace.id, message=message.id, by=None, at=clock.now())
        recall.redact(workspace=shop.workspace.id, message=redacted.id, by=None, at=clock.now())
        recall.erase(workspace=shop.workspace.id, message=erased.id, by=None, at=clock.now())

    assert count("messaging_kept_body", "message_id = ANY (%s)", both) == 0


# Support threads


def asked(shop: pages.Shop, by: User | None = None) -> SupportThread:
    """A thread that was resolved, with one letter."""
    return threads.resolved(shop.workspace, by or shop.owner)


def purge_threads(at: dt.datetime) -> None:
    while people.purge_support(at=at):
        pass


@pytest.mark.promise("transit-27")
@pytest.mark.parametrize("messages", [(), (uuid4(),)], ids=["everything", "one message"])
def test_support_threads_under_a_hold_outlive_their_year_and_go_when_it_is_released(messages: tuple[UUID, ...]) -> None:
    shop, other = pages.shop(), pages.shop()
    hold = placed(shop, units=[holds.SUPPORT], messages=messages)
    kept_thread, gone_thread = asked(shop), asked(other)
    later = clock.now() + 366 * DAY

    purge_threads(later)

    assert count("accounts_support_entry", "thread_id = %s", kept_thread.pk) == 1
    assert count("accounts_support_thread", "id = %s", gone_thread.pk) == 0
    assert support_kept(later + 30 * DAY).evidence["over"] == 0
    with scope.workspace(shop.workspace.id):
        assert not SupportThread.objects.readable(at=later).filter(pk=kept_thread.pk).exists()

    holds.release(hold=hold, reason="done", by=uuid4(), at=later)
    due = people.support_due()
    assert due is not None
    assert due < later
    purge_threads(later)
    assert count("accounts_support_thread", "id = %s", kept_thread.pk) == 0


def test_a_hold_on_texts_keeps_no_support_thread() -> None:
    shop = pages.shop()
    placed(shop, units=[holds.BODIES, holds.METADATA])
    thread = asked(shop)

    purge_threads(clock.now() + 366 * DAY)

    assert count("accounts_support_thread", "id = %s", thread.pk) == 0


def test_a_workspace_whose_threads_are_held_waits_to_be_erased() -> None:
    shop = pages.shop()
    hold = placed(shop, units=[holds.SUPPORT])
    with scope.workspace(shop.workspace.id):
        closing.close(workspace=shop.workspace, by=shop.owner, when=closing.When.NOW, at=clock.now())
    assert shop.workspace.id not in closing.due(at=clock.now() + DAY)

    holds.release(hold=hold, reason="done", by=uuid4(), at=clock.now())

    assert shop.workspace.id in closing.due(at=clock.now() + DAY)


@pytest.mark.promise("transit-27")
def test_who_wrote_in_a_held_thread_is_erased_but_for_the_thread_and_that_follows() -> None:
    shop = pages.shop()
    writer = shop.viewer
    thread, hold = asked(shop, writer), placed(shop, units=[holds.SUPPORT])

    erasure.execute(Person(subject="account_holder", user=writer.pk), request_id=uuid4(), at=clock.now())

    assert not User.objects.filter(pk=writer.pk).exists()
    assert count("accounts_support_entry", "thread_id = %s", thread.pk) == 1
    with scope.workspace(shop.workspace.id):
        assert [letter.author for letter in support.letters_for_staff(thread)] == [""]
    holds.release(hold=hold, reason="done", by=uuid4(), at=clock.now())
    resuming.resume(at=clock.now())
    assert count("accounts_support_thread", "id = %s", thread.pk) == 0


def test_what_a_hold_keeps_beyond_its_time_gets_into_the_package_of_its_order() -> None:
    shop, at = pages.shop(), clock.now()
    thread, old = asked(shop), aged(pages.message(shop), 91)
    demand = Disclosure(
        workspace_id=shop.workspace.id, records=["accounts.SupportThread", "messaging.Message"],
        kinds=["account_meta", "delivery_meta"], since=at - 100 * DAY, until=at + DAY,
    )  # fmt: skip

    def found(later: dt.datetime) -> set[UUID]:
        rows: set[UUID] = set()
        for part in demands.parts(demand):
            with part.scope():
                rows |= set(part.rows(at=later).values_list("pk", flat=True))
        return rows & {thread.pk, old}

    assert found(at + 366 * DAY) == set()
    placed(shop, units=[holds.SUPPORT])
    assert found(at + 366 * DAY) == {thread.pk}
    placed(shop, units=[holds.METADATA], messages=[old])
    assert found(at + 366 * DAY) == {thread.pk, old}


def test_a_report_of_abuse_keeps_its_words_as_long_as_its_hold_stands() -> None:
    shop, at = pages.shop(), clock.now()
    case = abuse.report(abuse.Report(kind="fraud", sender="MYBANK", words="Pay!"), at=at)
    hold = placed(shop)
    abuse.trace(case, suspect=shop.workspace.id, hold=hold.pk, reason="Their sender.", by=uuid4(), at=at)
    abuse.move(case, "actioned", reason="Suspended.", by=uuid4(), at=at)

    def words(later: dt.datetime) -> object:
        while declared.clear(at=later):
            pass
        return AbuseCase.objects.using("system").get(pk=case.pk).words

    assert words(at + 2000 * DAY) == "Pay!"
    assert declared.purge(at=at + 4000 * DAY) >= 0
    holds.release(hold=hold, reason="done", by=uuid4(), at=at)
    assert words(at + 2000 * DAY) is None
