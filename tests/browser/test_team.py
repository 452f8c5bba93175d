"""The pages about a workspace and its people, in a real browser."""

from typing import Any

import pytest

from tests.browser.visit import Visit
from tests.factories.accounts import World, make_member, make_user, make_workspace
from tests.factories.routes import invitation, join_link, join_request


@pytest.fixture(scope="module")
def world() -> World:
    made = make_workspace()
    make_member(made, "developer")
    join_request(made, make_user()[0])
    return made


def test_the_pages_of_a_workspace_are_accessible_and_fit(chromium: Any, address: str, world: World) -> None:
    _row, token = invitation(world)
    visit = Visit(chromium, address)
    faults = visit.faults(f"/invitations/{token}")
    visit.sign_in_as(world.owner)
    paths = ("/team", "/settings", "/settings/close", "/activity", "/workspaces/new", "/account/delete")

    for path in (*paths, f"/join/{join_link(world)}"):
        faults += visit.faults(path)

    visit.close()
    assert faults == []


def test_an_invited_person_enters_by_the_link_and_leaves_again(chromium: Any, address: str) -> None:
    world = make_workspace()
    user, email = make_user()
    _row, token = invitation(world, email=email)
    visit = Visit(chromium, address).sign_in_as(user)
    page = visit.page

    page.goto(f"/invitations/{token}")
    page.get_by_role("button", name="Accept invitation").click()
    page.get_by_text("You are in the workspace now.").wait_for()
    page.goto("/team")
    page.get_by_text("Leave this workspace").click()
    page.get_by_role("button", name="Leave now").click()

    page.get_by_role("heading", name="You are in no workspace").wait_for()
    page.get_by_role("link", name="Create a workspace").click()
    page.get_by_label("Name").fill("Second")
    page.get_by_role("button", name="Create workspace").click()
    page.get_by_text("You are its owner.").wait_for()
    assert visit.said == []
    visit.close()
