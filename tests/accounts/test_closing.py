"""Closing a workspace, taking it back, erasing it; deleting an account."""

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.core import mail as outbox
from django.core import signing
from django.db import DatabaseError, connections
from django.test import Client
from psycopg import sql

from accounts import closing, leaving, links
from accounts.models import Membership, User, Workspace
from accounts.models.user import StaffRole
from accounts.reauth import CONFIRMED
from accounts.roles import Role
from billing.models import Transfer
from messaging.models import Message
from privacy import keyring, registry
from privacy.models import AuditEvent
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope
from tests.factories import messaging, pages, staff
from tests.factories.accounts import World, make_member, make_user, make_workspace
from tests.factories.letters import Letters
from tests.factories.routes import endpoint, invitation, join_request
from tests.factories.superuser import superuser

GRACE = dt.timedelta(days=31)


@pytest.fixture
def world() -> World:
    return make_workspace()


def sure(world: World, **other: str) -> dict[str, str]:
    return {"when": "grace", "name": world.workspace.name, **other}


def rows(world: World, model: str) -> int:
    table = apps.get_model(model)._meta.db_table
    query = sql.SQL("SELECT count(*) FROM {} WHERE workspace_id = %s").format(sql.Identifier(table))
    with superuser() as connection:
        found = connection.execute(query, [world.id]).fetchone()
    return int(found[0]) if found else 0


def test_the_page_says_what_goes_and_what_stays_and_why(world: World) -> None:
    body = pages.client(world.owner).get("/settings/close").content.decode()

    for policy in registry.of_workspaces():
        assert policy.name in body
    assert "which the law has us keep for seven years" in body


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"name": "something else"}, "not the name of the workspace"),
        ({"when": "someday"}, "Choose when to erase."),
    ],
)
def test_closing_needs_the_name_and_a_moment(world: World, other: dict[str, str], said: str) -> None:
    response = pages.client(world.owner).post("/settings/close", sure(world, **other))

    assert response.status_code == 422
    assert said in response.content.decode()
    with scope.workspace(world.id):
        assert Workspace.objects.get(pk=world.id).closed_at is None


@pytest.mark.parametrize(
    ("profile", "checked"),
    [("fleet", ["now"]), ("transit", ["grace"]), ("strict", [])],
)
def test_the_policy_preselects_when_to_erase_or_leaves_it_to_the_person(
    world: World, settings: Any, profile: str, checked: list[str]
) -> None:
    settings.POLICY_PROFILE = profile
    browser = pages.client(world.owner)

    shown = browser.get("/settings/close").content.decode()
    undecided = browser.post("/settings/close", {"name": world.workspace.name})
    odd = browser.post("/settings/close", sure(world, when="never"))
    chosen = browser.post("/settings/close", sure(world, when="cool_off", name="another"))

    assert re.findall(r'name="when" value="(\w+)" checked', shown) == checked
    assert (undecided.status_code, odd.status_code) == (422, 422)
    assert b"Choose when to erase." in undecided.content
    assert b"Choose when to erase." in odd.content
    assert re.findall(r'name="when" value="(\w+)" checked', chosen.content.decode()) == ["cool_off"]
    with scope.workspace(world.id):
        assert closing.asked(world.id, at=clock.now()) is None


@pytest.mark.parametrize("path", ["/settings/close", "/account/delete"])
def test_a_session_alone_is_not_enough(world: World, path: str) -> None:
    browser = pages.client(world.owner)
    session = browser.session
    del session[CONFIRMED]
    session.save()

    assert browser.get(path)["Location"].startswith("/account/confirm?next=")


@pytest.fixture
def letters() -> Iterator[Letters]:
    with Letters.at_once() as found:
        yield found


def asked(world: World, letters: Letters, when: str = "grace") -> str:
    """The path of the link in the mail that asking brings."""
    pages.client(world.owner).post("/settings/close", sure(world, when=when))
    return letters.link(world.email)


def state(world: World) -> Workspace:
    with scope.workspace(world.id):
        return Workspace.objects.get(pk=world.id)


@pytest.mark.promise("fleet-42", "transit-60")
@pytest.mark.parametrize("when", ["grace", "cool_off", "now"])
def test_nothing_is_closed_before_the_second_confirmation_by_mail(world: World, letters: Letters, when: str) -> None:
    link = asked(world, letters, when)
    shown = pages.client(world.owner).get("/settings/close").content.decode()
    assert Client().get(link).status_code == 200  # looking changes nothing: mail scanners open links

    assert state(world).closed_at is None
    assert "Waits for the second confirmation" in shown
    assert world.api().get("/v1/senders").status_code == 200

    assert Client().post(link).status_code == 200  # on another device, signed out
    row = state(world)
    assert row.closed_at is not None
    assert row.erase_at == row.closed_at + closing.waits(when)


def test_a_link_closes_once_and_is_over_after_a_reopening(world: World, letters: Letters) -> None:
    link = asked(world, letters)
    Client().post(link)
    closing.reopen(workspace=world.id, by=world.owner, at=clock.now())

    assert Client().post(link).status_code == 410
    assert state(world).closed_at is None


def test_a_wish_taken_back_leaves_a_link_that_is_worth_nothing(world: World, letters: Letters) -> None:
    link = asked(world, letters, "now")

    pages.client(world.owner).post("/settings/close/withdraw")

    assert Client().get(link).status_code == 410
    assert Client().post(link).status_code == 410
    assert state(world).closed_at is None


def test_a_second_wish_replaces_the_link_of_the_first(world: World, letters: Letters) -> None:
    first = asked(world, letters, "now")
    second = asked(world, letters, "cool_off")

    assert Client().post(first).status_code == 410
    assert Client().post(second).status_code == 200


def test_the_link_runs_out_and_dies_with_the_password_and_the_role_of_who_asked(world: World, letters: Letters) -> None:
    link, at = asked(world, letters), clock.now()
    with time_machine.travel(at + links.CLOSING_KEPT + dt.timedelta(minutes=1), tick=False):
        assert Client().post(link).status_code == 410

    wish = links.of_closing(link.rpartition("/")[2])
    make_member(world, Role.OWNER)
    with scope.workspace(world.id):
        Membership.objects.filter(workspace_id=world.id, user=world.owner).update(role=Role.VIEWER)
    with pytest.raises(closing.NotConfirmable):
        closing.confirm(wish, at=at)

    world.owner.set_password("another password entirely")
    world.owner.save(update_fields=["password"])
    assert Client().get(link).status_code == 410


def test_two_clicks_at_once_close_once(world: World, letters: Letters) -> None:
    wish = links.of_closing(asked(world, letters).rpartition("/")[2])

    closing.confirm(wish, at=clock.now())
    with pytest.raises(closing.NotConfirmable):
        closing.confirm(wish, at=clock.now())


def test_a_forged_link_says_no_more_than_a_used_one(world: World, letters: Letters) -> None:
    used = asked(world, letters)
    Client().post(used)

    forged = Client().get("/closing/" + signing.dumps([world.id.hex, "0" * 32], salt="accounts.links.closing", key="x"))

    assert forged.status_code == Client().get(used).status_code == 410
    assert world.workspace.name not in forged.content.decode()


def test_from_then_on_nobody_enters_and_keys_are_refused(world: World, letters: Letters) -> None:
    member, _ = make_member(world)

    Client().post(asked(world, letters))

    assert world.api().get("/v1/senders").status_code == 401
    assert pages.client(member).get("/messages")["Location"] == "/no-workspace"
    assert "Open again" not in pages.client(member).get("/no-workspace").content.decode()
    assert outbox.outbox[-1].to == [world.email]


@pytest.mark.promise("transit-60")
@pytest.mark.parametrize("when", ["grace", "cool_off"])
def test_an_owner_opens_it_again_during_the_time_to_think(world: World, letters: Letters, when: str) -> None:
    browser = pages.client(world.owner)
    Client().post(asked(world, letters, when))
    assert "Open again" in browser.get("/no-workspace").content.decode()

    browser.post(f"/workspaces/{ids.encode('wsp', world.id)}/reopen")

    assert world.api().get("/v1/senders").status_code == 200
    assert world.id not in closing.due(at=clock.now() + GRACE)


def test_staff_see_what_is_asked_and_when_a_closed_one_is_erased(world: World, letters: Letters) -> None:
    browser = pages.verified(staff.member(StaffRole.SUPPORT))
    link = asked(world, letters, "cool_off")
    search = f"/staff?q={ids.encode('wsp', world.id)}"
    before = browser.get(search).content.decode()
    Client().post(link)

    assert "Closing to be confirmed" in before
    after = browser.get(search).content.decode()
    assert "Closing to be confirmed" not in after
    assert "will be erased" in after


def test_after_the_grace_nobody_opens_it_again(world: World) -> None:
    with scope.workspace(world.id):
        workspace = Workspace.objects.get(pk=world.id)
        closing.close(workspace=workspace, by=world.owner, when=closing.When.GRACE, at=clock.now() - GRACE)

    with pytest.raises(closing.NotReopenable):
        closing.reopen(workspace=world.id, by=world.owner, at=clock.now())


def closed(world: World, at: dt.datetime) -> None:
    with scope.workspace(world.id):
        closing.close(workspace=Workspace.objects.get(pk=world.id), by=world.owner, when=closing.When.NOW, at=at)


@pytest.mark.promise("fleet-42", "fleet-35")
def test_nothing_is_left_but_what_was_said(world: World) -> None:
    at = clock.now()
    messaging.finish(world, messaging.accept(world, count=3))
    messaging.accept(world)
    endpoint(world)
    invitation(world)
    join_request(world)
    transfers = rows_of_ledger(world)
    closed(world, at)

    removed = closing.erase(workspace=world.id, at=at)

    assert removed > 10
    left = {policy.model for policy in closing.goes() if policy.closing == "delete" and rows(world, policy.model)}
    assert left == set()
    assert rows_of_ledger(world) == transfers + 1  # what waited was paid back
    with scope.workspace(world.id):
        row = Workspace.objects.get(pk=world.id)
        events = AuditEvent.objects.filter(workspace_id=world.id, action="system:workspace:erased")
        assert events.count() == 1
    assert (row.name, row.company, row.erased_at) == ("", None, at)
    assert outbox.outbox[-1].to == [world.email]


def rows_of_ledger(world: World) -> int:
    with scope.workspace(world.id):
        return Transfer.objects.filter(workspace_id=world.id).count()


def test_the_keys_go_first_and_never_come_back(world: World) -> None:
    at = clock.now()
    closed(world, at)

    closing.erase(workspace=world.id, at=at)

    with pytest.raises(keyring.KeyDestroyed):
        keyring.key(world.id, keyring.Purpose.CONTACTS)


def test_erasing_goes_on_where_it_was_stopped(world: World) -> None:
    at = clock.now()
    messaging.accept(world)
    closed(world, at)
    keyring.destroy_workspace(world.id, at=at)  # and then the worker was killed

    closing.erase(workspace=world.id, at=at)

    with scope.workspace(world.id):
        assert not Message.objects.filter(workspace_id=world.id).exists()
    assert world.id not in closing.due(at=at)


@pytest.mark.promise("otp-27", "fleet-34")
def test_the_database_erases_nothing_of_a_workspace_that_lives(world: World) -> None:
    with pytest.raises(DatabaseError), connections["system"].cursor() as cursor:
        cursor.execute(
            "SELECT access.erase_rows(%s, 'accounts_membership', ARRAY['id'], %s, 10)", [world.id, clock.now()]
        )

    with scope.workspace(world.id):
        assert Membership.objects.filter(workspace_id=world.id).count() == 1


def test_only_this_workspace_is_erased(world: World) -> None:
    other, at = make_workspace(), clock.now()
    messaging.accept(other)
    closed(world, at)

    closing.erase(workspace=world.id, at=at)

    assert rows(other, "messaging.Message") == 1
    assert other.api().get("/v1/senders").status_code == 200


def test_every_table_of_a_workspace_can_be_emptied() -> None:
    stuck = [
        policy.model
        for policy in closing.goes()
        if policy.closing == "delete" and not deletable(apps.get_model(policy.model)._meta.db_table)
    ]

    assert stuck == [], "isolate these tables by Isolate, which lets sp_definer delete"


def deletable(table: str) -> bool:
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT has_table_privilege('sp_definer', %s, 'DELETE') AND EXISTS (SELECT 1 FROM pg_policy"
            " WHERE polrelid = %s::regclass AND 'sp_definer'::regrole = ANY (polroles))",
            [f'"{table}"', f'"{table}"'],
        )
        return bool(cursor.fetchone()[0])


def test_a_person_without_a_workspace_deletes_their_account() -> None:
    user, _email = make_user()
    browser = pages.client(user)
    assert "What stays, and why" in browser.get("/account/delete").content.decode()

    wrong = browser.post("/account/delete")
    browser.post("/account/delete", {"sure": "on"})

    assert wrong.status_code == 422
    assert not User.objects.filter(pk=user.pk).exists()
    assert browser.get("/no-workspace")["Location"].startswith("/sign-in")


def test_whoever_is_in_a_workspace_cannot_delete_their_account(world: World) -> None:
    pages.client(world.owner).post("/account/delete", {"sure": "on"})

    assert User.objects.filter(pk=world.owner.pk).exists()


def test_an_owner_of_a_closed_workspace_stays_until_it_is_erased(world: World) -> None:
    at = clock.now()
    closed(world, at)
    with pytest.raises(leaving.StillMember):
        leaving.delete_account(user=world.owner, at=clock.now())

    closing.erase(workspace=world.id, at=at)
    leaving.delete_account(user=world.owner, at=clock.now())

    assert not User.objects.filter(pk=world.owner.pk).exists()
