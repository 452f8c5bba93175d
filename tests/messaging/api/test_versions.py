"""Which version of the API an answer is of, at both front doors."""

import asyncio
from typing import Any

import pytest
from django.test import Client

from accounts.roles import Scope
from smsplatform.guard import RestoreGuard
from smsplatform.lib.api import versions
from tests.factories.accounts import Api, World, make_workspace
from tests.messaging.api.test_key_limits import Door, by_gate, by_views, doors, text

FIRST = "2026-11-01"
UNKNOWN = ["2020-01-01", "", "newest", "2026-11-01, 2026-11-01", "é"]


@pytest.fixture(scope="module")
def world() -> World:
    return make_workspace()


@doors
def test_every_answer_names_its_version(world: World, door: Door) -> None:
    scopeless, nobody = world.key(Scope.MESSAGES_READ), "sk_test_nobody"

    sent, refused = door(world.test_key, [text(), text(to="1")])
    told = [sent, refused, *door(scopeless, [text()]), *door(nobody, [text()])]

    assert [one[0] for one in told] == [202, 422, 403, 401]
    assert {one[1]["api-version"] for one in told} == {FIRST}


@doors
def test_a_key_keeps_the_version_of_the_day_it_was_made(
    world: World, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = world.key(Scope.MESSAGES_SEND)
    monkeypatch.setattr(versions, "VERSIONS", (FIRST, "2027-03-01"))
    new = world.key(Scope.MESSAGES_SEND)

    pinned, named, younger, nobody = (
        door(old, [text()])[0],
        door(old, [text()], Api_Version="2027-03-01")[0],
        door(new, [text()])[0],
        door("sk_test_nobody", [text()])[0],
    )

    assert [one[0] for one in (pinned, named, younger, nobody)] == [202, 202, 202, 401]
    assert [one[1]["api-version"] for one in (pinned, named, younger, nobody)] == [FIRST, *["2027-03-01"] * 3]


@doors
@pytest.mark.parametrize("asked", UNKNOWN)
def test_a_version_that_there_is_not_is_refused(world: World, door: Door, asked: str) -> None:
    (refused,) = door(world.test_key, [text()], Api_Version=asked)

    assert (refused[0], refused[2]["code"], refused[1]["api-version"]) == (400, "unknown_api_version", FIRST)
    assert refused[2]["detail"].endswith(f"Known are: {FIRST}.")
    assert not asked or asked == FIRST or f" {asked}." not in refused[2]["detail"]


def test_both_doors_refuse_with_the_same_words(world: World) -> None:
    by_django, by_asgi = (door(world.test_key, [text()], Api_Version="x")[0][2] for door in (by_views, by_gate))

    assert {**by_django, "request_id": 0, "instance": 0} == {**by_asgi, "request_id": 0, "instance": 0}


def test_what_needs_no_key_and_what_there_is_not_name_the_newest(world: World) -> None:
    client = Client()

    answers = [client.get(path) for path in ("/v1/notices", "/v1/nothing", "/v1/openapi.json")]
    answers += [world.api().ask("PUT", "/v1/messages"), client.get("/v1/notices", headers={"Api-Version": "x"})]

    assert [answer.status_code for answer in answers] == [200, 404, 200, 405, 400]
    assert {answer["Api-Version"] for answer in answers} == {FIRST}
    assert "Api-Version" not in client.get("/prices")


def test_reading_takes_a_version_too(world: World) -> None:
    api = Api(world.test_key)
    api.headers["Api-Version"] = FIRST
    known = api.get("/v1/senders")
    api.headers["Api-Version"] = "1"

    assert (known.status_code, known["Api-Version"]) == (200, FIRST)
    assert api.get("/v1/senders").json()["code"] == "unknown_api_version"


def test_an_installation_that_serves_nothing_yet_names_it_as_well() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def never(*_: Any) -> Any:
        raise AssertionError("closed")

    guard = RestoreGuard(never, behind=lambda: True)
    asyncio.run(guard({"type": "http", "path": "/v1/messages"}, never, send))

    assert (b"api-version", FIRST.encode()) in sent[0]["headers"]
