"""Methods: what an address takes, and that the answer says so when it was asked for something else."""

import pytest

from accounts.roles import Scope
from tests.factories.accounts import World, make_workspace


@pytest.fixture(scope="module")
def world() -> World:
    return make_workspace()


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PURGE"])
@pytest.mark.parametrize("path", ["/v1/messages", "/v1/balance", "/v1/webhook_endpoints"])
def test_a_method_that_an_address_does_not_take_is_named(world: World, path: str, method: str) -> None:
    answer = world.api().ask(method, path)

    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert "GET" in answer["Allow"].split(", ")
    assert method not in answer["Allow"].split(", ")


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/balance", "/v1/webhook_endpoints", "/v1/openapi.json"])
def test_the_head_of_what_can_be_read_can_be_read(world: World, path: str) -> None:
    answer = world.api().ask("HEAD", path)

    assert (answer.status_code, answer.content) == (200, b"")


def test_a_head_needs_the_scope_of_reading(world: World) -> None:
    api = world.api(key=world.key(Scope.MESSAGES_SEND))

    assert api.ask("HEAD", "/v1/messages").status_code == 403
