"""People of a workspace: roles, leaving, invitations, requests to join."""

import re
import threading

import pytest
from django.core import mail as outbox
from django.db import connections
from django.test import Client

from accounts import invitations, joining, team
from accounts.models import Invitation, JoinRequest, Membership, User
from accounts.roles import Role
from privacy.models import AuditEvent
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope
from tests.factories import pages
from tests.factories.accounts import World, make_member, make_user, make_workspace
from tests.factories.routes import invitation, join_link, join_request


@pytest.fixture
def world() -> World:
    return make_workspace()


def membership(world: World, user: User) -> Membership | None:
    with scope.workspace(world.id):
        return Membership.objects.filter(workspace_id=world.id, user=user).first()


def public(row: Membership | None) -> str:
    assert row is not None
    return ids.encode("mbr", row.pk)


def actions(world: World) -> list[str]:
    with scope.workspace(world.id):
        return list(AuditEvent.objects.filter(workspace_id=world.id).order_by("id").values_list("action", flat=True))


def test_the_page_names_everybody_with_role_and_explains_the_roles(world: World) -> None:
    make_member(world, Role.BILLING)

    body = pages.client(world.owner).get("/team").content.decode()

    assert world.email in body
    assert "Billing" in body
    assert "Invite and remove people, change roles" in body
    assert "Send invitation" in body


def test_who_may_not_manage_people_sees_no_forms_and_no_invitations(world: World) -> None:
    viewer, _ = make_member(world)
    row, _token = invitation(world)

    body = pages.client(viewer).get("/team").content.decode()

    assert "Send invitation" not in body
    assert row.email not in body


def test_the_page_asks_the_same_number_of_questions_for_one_and_for_many(world: World) -> None:
    browser = pages.client(world.owner)
    browser.get("/team")  # what pages remember for some seconds is asked for here
    with connections["default"].execute_wrapper(counter := Counter()):
        browser.get("/team")
    one = counter.count
    for _ in range(3):
        make_member(world)
        join_request(world, make_user()[0])
    invitation(world)

    with connections["default"].execute_wrapper(counter := Counter()):
        browser.get("/team")

    assert counter.count <= one + 1  # the people who ask


class Counter:
    """Counts queries."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, execute: object, sql: str, params: object, many: bool, context: object) -> object:
        self.count += 1
        return execute(sql, params, many, context)  # type: ignore[operator]  # Django's wrapper protocol


def test_a_role_is_changed_and_recorded(world: World) -> None:
    member, _ = make_member(world)

    pages.client(world.owner).post(f"/team/members/{public(membership(world, member))}/role", {"role": "admin"})

    changed = membership(world, member)
    assert changed is not None
    assert changed.role == Role.ADMIN
    assert actions(world)[-1] == "user:member:role_changed"


def test_an_admin_makes_nobody_an_owner_and_removes_none(world: World) -> None:
    admin, _ = make_member(world, Role.ADMIN)
    browser = pages.client(admin)

    browser.post(f"/team/members/{public(membership(world, admin))}/role", {"role": "owner"})
    browser.post(f"/team/members/{public(membership(world, world.owner))}/remove")

    own = membership(world, admin)
    assert own is not None
    assert own.role == Role.ADMIN
    assert membership(world, world.owner) is not None


@pytest.mark.parametrize("path", ["/team/members/{id}/remove", "/team/members/{id}/role", "/team/leave"])
def test_the_last_owner_stays(world: World, path: str) -> None:
    own = public(membership(world, world.owner))

    response = pages.client(world.owner).post(path.format(id=own), {"role": "viewer"}, follow=True)

    assert "A workspace keeps an owner" in response.content.decode()
    kept = membership(world, world.owner)
    assert kept is not None
    assert kept.role == Role.OWNER


def test_of_two_owners_who_leave_at_the_same_moment_one_stays(world: World) -> None:
    other, _ = make_member(world, Role.OWNER)
    together, refused = threading.Barrier(2), []

    def go(user: User) -> None:
        try:
            with scope.workspace(world.id):
                own = Membership.objects.get(workspace_id=world.id, user=user)
                together.wait(timeout=10)
                team.leave(membership=own, at=clock.now())
        except team.LastOwner:
            refused.append(user)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=go, args=(user,)) for user in (world.owner, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(refused) == 1
    assert membership(world, refused[0]) is not None


def test_leaving_takes_the_access_away_at_once(world: World) -> None:
    member, _ = make_member(world)
    browser = pages.client(member)

    browser.post("/team/leave")

    assert membership(world, member) is None
    assert browser.get("/messages").status_code == 302


def invited_link(email: str) -> str:
    (sent,) = [message for message in outbox.outbox if message.to == [email] and "/invitations/" in message.body]
    found = re.search(r"/invitations/[\w-]+", str(sent.body))
    assert found
    return found[0]


def test_an_invited_person_with_an_account_enters_by_the_link(world: World) -> None:
    user, email = make_user()
    pages.client(world.owner).post("/team/invite", {"email": email.upper(), "role": "developer"})
    link = invited_link(email.upper())
    browser = pages.client(user)

    assert "Accept invitation" in browser.get(link).content.decode()
    browser.post(f"{link}/accept")

    made = membership(world, user)
    assert made is not None
    assert made.role == Role.DEVELOPER
    assert browser.get(link).status_code == 404


def test_a_visitor_is_led_to_sign_in_and_back(world: World) -> None:
    _user, email = make_user()
    pages.client(world.owner).post("/team/invite", {"email": email, "role": "viewer"})
    link = invited_link(email)

    body = Client().get(link).content.decode()
    answer = Client().post("/sign-in", {"email": email, "password": pages.PASSWORD, "next": link})

    assert f"/sign-in?next={link}" in body
    assert answer["Location"] == link


def test_an_invitation_is_only_for_its_address(world: World) -> None:
    stranger, _ = make_user()
    _row, token = invitation(world)
    browser = pages.client(stranger)

    assert "for another address" in browser.get(f"/invitations/{token}").content.decode()
    assert browser.post(f"/invitations/{token}/accept").status_code == 404
    assert membership(world, stranger) is None


def test_the_answer_to_inviting_is_the_same_whether_or_not_there_is_an_account(world: World) -> None:
    _user, known = make_user()
    browser = pages.client(world.owner)

    answers = [
        browser.post("/team/invite", {"email": email, "role": "viewer"}, follow=True).content.decode()
        for email in (known, f"{ids.uuid7().hex}@example.org")
    ]

    assert ["The invitation was sent" in answer for answer in answers] == [True, True]


def test_what_is_stored_of_an_invitation_opens_nothing(world: World) -> None:
    row, token = invitation(world)

    with scope.workspace(world.id), connections["default"].cursor() as cursor:
        cursor.execute("SELECT row_to_json(i)::text FROM accounts_invitation i WHERE id = %s", [row.pk])
        stored = cursor.fetchone()[0]

    assert token not in stored
    assert row.email not in stored


def test_a_new_link_replaces_the_former_and_revoking_ends_it(world: World) -> None:
    row, first = invitation(world)
    with scope.workspace(world.id):
        second = invitations.resend(invitation=row, by=world.owner.pk, at=clock.now())

    assert Client().get(f"/invitations/{first}").status_code == 404
    assert Client().get(f"/invitations/{second}").status_code == 200
    pages.client(world.owner).post(f"/team/invitations/{ids.encode('inv', row.pk)}/revoke")
    assert Client().get(f"/invitations/{second}").status_code == 404


def test_an_invitation_runs_out_after_seven_days(world: World) -> None:
    row, token = invitation(world)
    with scope.workspace(world.id):
        Invitation.objects.filter(pk=row.pk).update(expires_at=clock.now())

    assert Client().get(f"/invitations/{token}").status_code == 404


@pytest.mark.parametrize(("email", "said"), [("", "Enter the address"), ("nobody", "This is not an e-mail address")])
def test_a_wrong_address_is_explained_and_stays_in_the_form(world: World, email: str, said: str) -> None:
    response = pages.client(world.owner).post("/team/invite", {"email": email, "role": "viewer"})

    assert response.status_code == 422
    assert said in response.content.decode()
    assert f'value="{email}"' in response.content.decode() or not email


def test_an_admin_invites_no_owner(world: World) -> None:
    admin, _ = make_member(world, Role.ADMIN)

    response = pages.client(admin).post("/team/invite", {"email": "a@example.org", "role": "owner"})

    assert response.status_code == 422


def test_a_member_is_not_invited_again(world: World) -> None:
    _user, email = make_member(world)

    response = pages.client(world.owner).post("/team/invite", {"email": email, "role": "viewer"})

    assert "in the workspace already" in response.content.decode()


def test_a_request_to_join_is_decided_by_the_workspace(world: World) -> None:
    user, email = make_user()
    link = f"/join/{join_link(world)}"
    browser = pages.client(user)

    assert world.workspace.name in browser.get(link).content.decode()
    browser.post(f"{link}/ask")
    assert membership(world, user) is None
    with scope.workspace(world.id):
        row = JoinRequest.objects.get(workspace_id=world.id, user_id=user.pk)
    pages.client(world.owner).post(f"/team/requests/{ids.encode('jnr', row.pk)}/accept", {"role": "billing"})

    made = membership(world, user)
    assert made is not None
    assert made.role == Role.BILLING
    assert [message.to for message in outbox.outbox][-2:] == [[world.email], [email]]


def test_a_refused_person_is_told_and_cannot_insist(world: World) -> None:
    user, email = make_user()
    token = join_link(world)
    joining.ask(token=token, user=user, at=clock.now())
    with scope.workspace(world.id):
        row = JoinRequest.objects.get(workspace_id=world.id, user_id=user.pk)

    pages.client(world.owner).post(f"/team/requests/{ids.encode('jnr', row.pk)}/refuse")

    assert outbox.outbox[-1].to == [email]
    with pytest.raises(joining.AlreadyAsked):
        joining.ask(token=token, user=user, at=clock.now())


def test_a_join_link_ends_with_its_switch_or_its_replacement(world: World) -> None:
    first = join_link(world)
    second = join_link(world)
    assert Client().get(f"/join/{first}").status_code == 404
    assert Client().get(f"/join/{second}").status_code == 200

    pages.client(world.owner).post("/team/join-link", {"link": "off"})

    assert Client().get(f"/join/{second}").status_code == 404
