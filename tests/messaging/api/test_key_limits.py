"""What a key may do besides its scopes, at both front doors: the gate and the views behind it."""

import asyncio
import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections

from accounts import keys
from accounts.roles import Scope
from billing.models import Cap
from messaging.gate import Gate
from smsplatform.lib import clock
from smsplatform.lib.tenancy import scope
from tests.factories import messaging
from tests.factories.accounts import Api, World, make_sender, make_workspace

GERMAN = "+4915123456789"
Told = tuple[int, dict[str, str], dict[str, Any]]  # status, headers and document of an answer
Door = Callable[..., list[Told]]


@pytest.fixture(scope="module")
def world() -> World:
    return make_workspace()


def by_views(key: str, bodies: list[dict[str, Any]], **headers: str) -> list[Told]:
    """What each send is told, one after the other."""
    answers = [Api(key).post(_path(body), body, **headers) for body in bodies]
    return [(each.status_code, {k.lower(): v for k, v in each.headers.items()}, each.json()) for each in answers]


def by_gate(key: str, bodies: list[dict[str, Any]], **headers: str) -> list[Told]:
    """The same through one gate."""

    async def fallback(*_: object) -> None:
        raise AssertionError("not the gate's")

    async def run() -> list[Any]:
        gate = Gate(fallback)
        return [await _through(gate, key, body, **headers) for body in bodies]

    return asyncio.run(run())


async def _through(gate: Gate, key: str, body: dict[str, Any], **headers: str) -> Told:
    named = {"Authorization": f"Bearer {key}", "Content-Type": "application/json", **headers}
    request = {
        "type": "http", "method": "POST", "path": _path(body), "client": ("127.0.0.1", 1),
        "headers": [(name.lower().replace("_", "-").encode(), value.encode()) for name, value in named.items()],
    }  # fmt: skip
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": json.dumps(body).encode()}

    async def send(message: Any) -> None:
        sent.append(message)

    await gate(request, receive, send)
    answered = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], answered, json.loads(sent[1]["body"])


def _path(body: dict[str, Any]) -> str:
    return "/v1/messages/batch" if "messages" in body else "/v1/messages"


def text(**fields: Any) -> dict[str, Any]:
    return {"to": messaging.TO, "body": "Hello", **fields}


def codes_of(problem: dict[str, Any]) -> dict[str, str]:
    return {error["pointer"]: error["code"] for error in problem.get("errors", [])}


doors = pytest.mark.parametrize("door", [by_views, by_gate])


@doors
def test_a_key_sends_from_its_senders_only(world: World, door: Door) -> None:
    name = f"OTHER-{door.__name__[3:]}"
    with scope.workspace(world.id):
        other = make_sender(world.id, name)
    key = world.key(Scope.MESSAGES_SEND, sender_ids=[other.id])

    refused, taken = door(key, [text(), text(**{"from": name})])

    assert (refused[0], codes_of(refused[2])) == (422, {"#/from": "sender_not_allowed"})
    assert taken[0] == 202


@doors
def test_a_key_sends_to_its_countries_only(world: World, door: Door) -> None:
    key = world.key(Scope.MESSAGES_SEND, countries=["DE"])

    refused, taken = door(key, [text(), text(to=GERMAN)])

    assert (refused[0], codes_of(refused[2])) == (422, {"#/to": "country_not_allowed"})
    assert taken[0] == 202


@doors
def test_a_key_spends_no_more_than_its_money_for_the_day(world: World, door: Door) -> None:
    price = messaging.accept(world)[0].plan.price
    key = world.key(Scope.MESSAGES_SEND, money_max=price * 2)

    answers = door(key, [text(body="b" * 400), text(), {"messages": [text()] * 3}, text(), {"messages": [text()]}])

    assert [status for status, _, _ in answers] == [429, 202, 202, 429, 422]
    assert answers[0][2]["code"] == answers[3][2]["code"] == "spend_limited"
    assert [each.get("code") for each in answers[2][2]["results"]] == [None, "spend_limited", "spend_limited"]
    assert "retry-after" not in answers[0][1]  # no day has that much
    assert int(answers[3][1]["retry-after"]) > 0


def test_what_was_refused_for_want_of_money_leaves_the_key_what_it_may_spend(world: World) -> None:
    price = messaging.accept(world)[0].plan.price
    key = world.key(Scope.MESSAGES_SEND, money_max=price * 4)

    long, fits = by_views(key, [text(body="b" * 800), {"messages": [text()] * 4}])

    assert (long[0], fits[2]["accepted"]) == (429, 4)


def test_many_at_once_spend_the_last_cent_of_a_key_once(world: World) -> None:
    price = messaging.accept(world)[0].plan.price
    api = world.api(key=world.key(Scope.MESSAGES_SEND, money_max=price * 7))

    def send(number: int) -> int:
        try:
            return int(api.post("/v1/messages", text()).status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(24)))

    assert sorted(set(answers)) == [202, 429]
    assert answers.count(202) == 7
    with scope.workspace(world.id):
        assert Cap.objects.filter(workspace_id=world.id, used=price * 7, amount_max=price * 7).count() == 1


@doors
def test_a_key_sends_no_more_than_its_messages_for_the_day(world: World, door: Door) -> None:
    first, second = door(world.key(Scope.MESSAGES_SEND, day_max=1), [text(), text()])

    assert (first[0], second[0]) == (202, 429)
    assert '"day";q=1;w=86400' in second[1]["ratelimit-policy"]


@doors
def test_every_answer_says_what_is_left_once_the_request_was_counted(world: World, door: Door) -> None:
    key, poor = world.key(Scope.MESSAGES_SEND, day_max=50), make_workspace(funds=0).test_key

    sent, other, again = door(key, [text(), text(body="Other"), text()], Idempotency_Key=uuid4().hex)
    field, batch = door(key, [text(to="1"), {"messages": [text(to="1")] * 3}])
    (unpaid,) = door(poor, [text()])

    assert [told[0] for told in (sent, other, again, field, batch, unpaid)] == [202, 422, 202, 422, 422, 402]
    assert (other[2]["code"], again[1]["idempotent-replayed"]) == ("idempotency_key_reused", "true")
    for told in (sent, other, again, field, batch):
        assert told[1]["ratelimit-policy"] == '"send";q=2000;w=1, "day";q=50;w=86400'
    left = [re.search(r'"day";r=(\d+);t=\d+', told[1]["ratelimit"]) for told in (sent, other, again, field, batch)]
    assert [int(found[1]) for found in left if found] == [49, 48, 47, 46, 43]
    assert unpaid[1]["ratelimit"].startswith('"send";r=')


@doors
def test_a_request_that_was_not_counted_says_nothing_of_limits(world: World, door: Door) -> None:
    unknown, scopeless = door("sk_test_nobody", [text()])[0], door(world.key(Scope.MESSAGES_READ), [text()])[0]
    (keyless,) = door(world.test_key, [text()], Idempotency_Key="é")

    assert [told[0] for told in (unknown, scopeless, keyless)] == [401, 403, 422]
    assert not any(name.startswith("ratelimit") for told in (unknown, scopeless, keyless) for name in told[1])


@doors
def test_a_revoked_key_is_refused_by_a_process_that_knows_it(world: World, door: Door) -> None:
    with scope.workspace(world.id):
        key, secret = keys.create(workspace=world.workspace, name="x", livemode=False, by=None, at=clock.now())

    def revoke() -> None:
        with scope.workspace(world.id):
            keys.revoke(key=key, by=None, at=clock.now())

    if door is by_gate:
        first, second = asyncio.run(_revoked_between(secret, revoke))
    else:
        (first,) = door(secret, [text()])
        revoke()
        (second,) = door(secret, [text()])

    assert (first[0], second[0]) == (202, 401)
    assert second[2]["code"] == "revoked_key"


async def _revoked_between(secret: str, revoke: Callable[[], None]) -> tuple[Any, Any]:
    async def fallback(*_: object) -> None:
        raise AssertionError("not the gate's")

    gate = Gate(fallback)
    first = await _through(gate, secret, text())
    await asyncio.to_thread(revoke)
    return first, await _through(gate, secret, text())


def test_senders_and_templates_can_be_used_as_soon_as_they_are_made() -> None:
    world = make_workspace()

    def make() -> str:
        with scope.workspace(world.id):
            make_sender(world.id, "NEW")
        made: str = world.api().post("/v1/templates", {"name": "new", "text": "Order {{n}}"}).json()["id"]
        return made

    async def run() -> list[Any]:
        async def fallback(*_: object) -> None:
            raise AssertionError("not the gate's")

        gate = Gate(fallback)
        before = await _through(gate, world.test_key, text(**{"from": "NEW"}))
        template = {"id": await asyncio.to_thread(make), "variables": {"n": "7"}}
        items = [text(**{"from": "NEW"}), text(body=None, template=template), text(**{"from": "NOBODY"})]
        return [before, *[await _through(gate, world.test_key, item) for item in [*items, {"messages": items}]]]

    before, sender, template, nobody, batch = asyncio.run(run())

    assert [answer[0] for answer in (before, sender, template, nobody, batch)] == [422, 202, 202, 422, 202]
    assert (before[2]["code"], nobody[2]["code"]) == ("invalid_sender", "invalid_sender")
    assert (batch[2]["accepted"], batch[2]["refused"]) == (2, 1)


def test_reading_has_a_limit_of_its_own(world: World, settings: Any) -> None:
    settings.API_REQUESTS_MAX = 3
    api = world.api(key=world.key(Scope.MESSAGES_READ, Scope.MESSAGES_SEND))

    answers = [api.get("/v1/senders") for _ in range(20)]

    refused = [answer for answer in answers if answer.status_code == 429]
    assert answers[0]["RateLimit"].startswith('"api";r=')
    assert refused
    assert refused[0].json()["code"] == "rate_limited"
    assert refused[0]["Retry-After"] == "1"
    assert api.post("/v1/messages", text()).status_code == 202
