"""The pages on which people take their data, and owners their workspace, away."""

import io
import json
import zipfile

import pytest

from accounts.reauth import CONFIRMED
from accounts.roles import Role
from privacy import archives
from privacy.archives import building
from privacy.people import Person
from smsplatform.lib import clock, ids
from tests.factories import messaging, pages
from tests.factories.accounts import World, make_member, make_workspace

pytestmark = pytest.mark.promise("fleet-39", "fleet-40", "otp-39")


@pytest.fixture(scope="module")
def world() -> World:
    return make_workspace()


def test_from_the_button_to_the_file() -> None:
    world = make_workspace()
    browser = pages.client(world.owner)
    assert "No copies yet" in browser.get("/account/data/copies").content.decode()

    browser.post("/account/data/copies")
    assert "hx-get" in browser.get("/account/data/copies").content.decode()
    made = archives.listed(Person(subject="account_holder", user=world.owner.pk)).get()
    building.build(made.pk, at=clock.now())

    page = browser.get("/account/data/copies").content.decode()
    response = browser.post(f"/account/data/copies/{ids.encode(ids.ARCHIVE, made.pk)}")
    with zipfile.ZipFile(io.BytesIO(response.getvalue())) as file:
        account = json.loads(file.read("data/account/accounts.User.json"))
    assert "Download" in page
    assert account[0]["email"] == world.email
    assert archives.state(made.pk).downloads_left == 2


def test_a_second_one_waits_for_the_first() -> None:
    user, _ = pages.person()
    browser = pages.client(user)
    browser.post("/account/data/copies")

    answer = browser.post("/account/data/copies", follow=True)

    assert "being made already" in answer.content.decode()
    assert archives.listed(Person(subject="account_holder", user=user.pk)).count() == 1


def test_a_session_alone_is_not_enough(world: World) -> None:
    browser = pages.unconfirmed(pages.client(world.owner))

    for path in ("/account/data/copies", "/settings/copies"):
        assert browser.get(path)["Location"].startswith("/account/confirm?next=")
    assert CONFIRMED not in browser.session


def test_only_owners_take_the_whole_workspace(world: World) -> None:
    messaging.accept(world)
    admin, _ = make_member(world, Role.ADMIN)

    assert pages.client(admin).get("/settings/copies").status_code == 403
    owner = pages.client(world.owner)
    owner.post("/settings/copies")
    made = archives.listed(Person(subject="workspace", workspace=world.workspace.id)).get()
    building.build(made.pk, at=clock.now())
    assert "Download" in owner.get("/settings/copies").content.decode()
    assert "Downloaded a copy" not in owner.get("/activity").content.decode()
    assert "Asked for a copy of data" in owner.get("/activity").content.decode()


def test_the_copy_of_somebody_else_is_not_there(world: World) -> None:
    person, request = Person(subject="account_holder", user=world.owner.pk), ids.uuid7()
    archives.request(person, request_id=request, at=clock.now())
    building.build(request, at=clock.now())
    stranger, _ = pages.person()

    answer = pages.client(stranger).post(f"/account/data/copies/{ids.encode(ids.ARCHIVE, request)}")

    assert answer.status_code == 404
    assert archives.state(request).downloads_left == 3
