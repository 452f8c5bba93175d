"""What people are told, how they choose, and that a mail is sent from its row."""

import datetime as dt
from typing import Any

import pytest
from django.core import mail
from django.db import connections

from accounts import notifications
from accounts.models import Notification, User
from accounts.models.notification import Category
from billing import ledger
from messaging import calls, key_watch, provisioning, running_low
from messaging.models import WebhookEndpoint
from messaging.promises import keys_elsewhere
from smsplatform.lib import clock
from smsplatform.lib.tenancy import scope
from tests.factories import pages
from tests.factories.accounts import World, fund, make_member, make_workspace
from tests.factories.routes import endpoint
from tests.factories.superuser import superuser


def switch_off(world: World) -> WebhookEndpoint:
    """As the deliverer does after the last failure."""
    made = endpoint(world)
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT pipeline.disable_endpoint(%s, 'failing', %s)", [made.pk, clock.now()])
    return made


def told(world: World) -> list[Notification]:
    with scope.workspace(world.id):
        return list(Notification.objects.filter(workspace_id=world.id).order_by("id"))


def mails(address: str) -> list[Any]:
    return [one for one in mail.outbox if one.to == [address]]


def page_of(user: User) -> str:
    html: str = pages.client(user).get("/notifications").content.decode()
    return html


def test_switching_an_endpoint_off_tells_those_who_look_after_it_in_the_same_transaction() -> None:
    world = make_workspace()
    developer, _ = make_member(world, "developer")
    make_member(world, "viewer")

    made = switch_off(world)

    assert {row.user_id for row in told(world)} == {world.owner.pk, developer.pk}
    assert {row.params["endpoint"] for row in told(world)} == {str(made.pk)}
    assert all(row.mail_due_at for row in told(world))


def test_a_mail_is_sent_from_its_row_once() -> None:
    world = make_workspace()
    switch_off(world)

    notifications.send(at=clock.now())
    notifications.send(at=clock.now() + notifications.LEASE * 2)

    assert len(mails(world.email)) == 1
    assert [row.mail_due_at for row in told(world)] == [None]


def test_a_mail_whose_worker_died_is_sent_by_the_next() -> None:
    world = make_workspace()
    switch_off(world)
    at = clock.now()
    with connections["system"].cursor() as cursor:  # leased, and then killed
        cursor.execute("SELECT * FROM access.lease_notices(%s, %s, 1000)", [at, at + notifications.LEASE])

    notifications.send(at=at + dt.timedelta(minutes=1))
    assert mails(world.email) == []

    notifications.send(at=at + notifications.LEASE)
    assert len(mails(world.email)) == 1


def test_nothing_is_mailed_of_an_endpoint_that_is_on_again() -> None:
    world = make_workspace()
    made = switch_off(world)
    with scope.workspace(world.id):
        WebhookEndpoint.objects.filter(pk=made.pk).update(enabled=True)

    notifications.send(at=clock.now())

    assert mails(world.email) == []
    assert [row.mail_due_at for row in told(world)] == [None]


def test_each_person_chooses_by_mail_or_on_the_page() -> None:
    world = make_workspace()
    developer, _ = make_member(world, "developer")
    browser = pages.client(world.owner)
    browser.post("/notifications/choices", {"webhooks_page": "on"})
    pages.client(developer).post("/notifications/choices", {})

    switch_off(world)

    assert [(row.user_id, row.shown, row.mail_due_at) for row in told(world)] == [(world.owner.pk, True, None)]
    assert 'name="webhooks_mail">' in browser.get("/notifications/choices").content.decode()


@pytest.mark.promise("team-16")
def test_nobody_chooses_not_to_hear_of_security_and_news_come_only_if_wanted() -> None:
    user, _ = pages.person()
    pages.client(user).post("/notifications/choices", {})

    assert notifications.choices([user], Category.SECURITY)[user.pk] == (True, True)
    assert notifications.choices([user], Category.TEAM)[user.pk] == (False, False)
    assert notifications.default(Category.PRODUCT) == (False, False)


def test_notify_writes_a_row_for_each_person() -> None:
    world = make_workspace()
    made = endpoint(world)

    with scope.workspace(world.id):
        params = {"endpoint": str(made.pk)}
        count = notifications.notify(
            workspace=world.id, kind="webhook_disabled", people=[world.owner], params=params, at=clock.now()
        )

    assert (count, len(told(world))) == (1, 1)


def test_the_page_lists_what_is_new_and_marks_it_read() -> None:
    world = make_workspace()
    switch_off(world)
    browser = pages.client(world.owner)

    html = browser.get("/notifications").content.decode()
    browser.post("/notifications/read")
    after = browser.get("/notifications").content.decode()

    assert "A webhook endpoint was switched off" in html
    assert "1 new notification" in html
    assert "A webhook endpoint was switched off" in after
    assert "new notification" not in after


def test_somebody_else_sees_nothing_of_it_and_cannot_mark_it() -> None:
    world = make_workspace()
    viewer, _ = make_member(world, "viewer")
    switch_off(world)

    assert "Nothing to tell" in page_of(viewer)
    pages.client(viewer).post("/notifications/read")

    assert [row.read_at for row in told(world)] == [None]


def test_the_page_asks_as_many_questions_for_many_as_for_one(django_assert_max_num_queries: Any) -> None:
    world = make_workspace()
    switch_off(world)
    browser = pages.client(world.owner)
    browser.get("/notifications")
    for _more in range(30):
        switch_off(world)

    with django_assert_max_num_queries(10):  # what waits for the workspace's word and what is announced among them
        html = browser.get("/notifications").content.decode()

    assert "31 new notifications" in html
    assert "Older" in html


def test_the_workspace_keeps_its_notifications_to_itself() -> None:
    mine, other = make_workspace(), make_workspace()
    switch_off(mine)

    with scope.workspace(other.id):
        assert not Notification.objects.filter(workspace_id=mine.id).exists()


def spend(world: World, *, daily: int, at: dt.datetime) -> None:
    """As if live messages had cost ``daily`` micro-units on each of the last seven days."""
    with superuser() as connection:
        for day in range(7):
            connection.execute(
                "INSERT INTO messaging_traffic_hour (workspace_id, livemode, hour, country, category, outcome, latency,"
                " messages, parts, price) VALUES (%s, true, %s, 'DE', 'otp', 'delivered', 1, 1, 1, %s)",
                [world.id, at - dt.timedelta(days=day, hours=1), daily],
            )


def test_those_who_pay_are_told_once_that_the_balance_runs_low() -> None:
    at = clock.now()
    low, rich = make_workspace(), make_workspace()
    payer, _ = make_member(low, "billing")
    make_member(low, "developer")
    for world, days in ((low, 1.2), (rich, 30)):
        fund(world.workspace, 25_000_000, live=True)
        held = ledger.balance(workspace=world.id, currency=world.workspace.currency, livemode=True)
        spend(world, daily=int(held.available / days), at=at)

    running_low.tell(at=at)
    running_low.tell(at=at + dt.timedelta(days=1))

    assert {(row.user_id, row.kind, row.params["days"]) for row in told(low)} == {
        (low.owner.pk, "balance_low", "1"), (payer.pk, "balance_low", "1"),
    }  # fmt: skip
    assert told(rich) == []
    notifications.send(at=at)
    assert "1 more day" in mails(payer.email)[0].body
    running_low.tell(at=at + running_low.AGAIN)
    assert len(told(low)) == 4


def used_elsewhere(world: World, times: int) -> str:
    """The secret of a key that is bound to another network than ours, after it was used from here."""
    secret = world.key("messages:read", ip_ranges=["203.0.113.0/24"])
    for _ in range(times):
        assert world.api(key=secret).get("/v1/messages").json()["code"] == "ip_not_allowed"
    calls.recorder.flush()
    return secret


@pytest.mark.promise("transit-34")
def test_those_who_look_after_keys_are_told_once_a_day_that_one_is_used_from_elsewhere() -> None:
    world, other = make_workspace(), make_workspace()
    developer, _ = make_member(world, "developer")
    make_member(world, "billing")
    secret = used_elsewhere(world, 3)
    at = clock.now()

    key_watch.tell(at=at)
    key_watch.tell(at=at + dt.timedelta(minutes=5))
    notifications.send(at=at)

    assert {(row.user_id, row.kind, row.params["times"]) for row in told(world)} == {
        (world.owner.pk, "key_elsewhere", "3"), (developer.pk, "key_elsewhere", "3"),
    }  # fmt: skip
    body = " ".join(mails(developer.email)[0].body.split())
    assert f"ends in {secret[-4:]} was used 3 times" in body
    assert secret not in body
    assert "A key was used from elsewhere" in page_of(developer)
    assert told(other) == []


@pytest.mark.promise("transit-34")
def test_the_check_fails_when_nobody_is_told_of_a_key_that_is_used_from_elsewhere() -> None:
    world = make_workspace()
    used_elsewhere(world, 1)
    later = clock.now() + dt.timedelta(minutes=45)

    unwatched = keys_elsewhere(later).evidence["untold"]
    key_watch.tell(at=clock.now())

    assert unwatched
    assert keys_elsewhere(later).evidence["untold"] == int(unwatched) - 1


def test_a_team_is_told_what_became_of_its_sender() -> None:
    world = make_workspace()
    with scope.workspace(world.id):
        sender = provisioning.register_sender(
            workspace=world.id, address="REVIEWED", purpose="receipts", example="", by=world.owner.pk, at=clock.now()
        )
        provisioning.decide_sender(sender=sender, approved=False, reason="whose name is it", by=None, at=clock.now())

    notifications.send(at=clock.now())

    assert "whose name is it" in " ".join(mails(world.owner.email)[0].body.split())
    assert "A sender was reviewed" in page_of(world.owner)
