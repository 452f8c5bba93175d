"""Every answered request of the API is kept, without anything that was in it."""

import asyncio
import json
from typing import Any
from uuid import uuid4

import pytest

from accounts.roles import Scope
from messaging import calls
from messaging.gate import Gate
from messaging.models import Call
from smsplatform.lib import ids
from smsplatform.lib.tenancy import scope
from tests.factories.accounts import World, make_workspace

TO = "+31612345678"


@pytest.fixture
def world() -> World:
    return make_workspace()


def logged(world: World) -> list[Call]:
    calls.recorder.flush()
    with scope.workspace(world.id):
        return list(Call.objects.filter(workspace_id=world.id).order_by("id"))


def through_the_gate(key: str, body: Any, path: str = "/v1/messages") -> tuple[int, dict[str, Any]]:
    """A request as the web process gets it."""
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": json.dumps(body).encode()}

    async def send(message: Any) -> None:
        sent.append(message)

    async def nothing(*_: Any) -> None:
        """Nothing falls through."""

    headers = [(b"authorization", f"Bearer {key}".encode()), (b"x-request-id", f"trace-{uuid4().hex}".encode())]
    request = {"type": "http", "method": "POST", "path": path, "headers": headers, "client": ("127.0.0.1", 1)}
    asyncio.run(Gate(nothing)(request, receive, send))
    return sent[0]["status"], json.loads(sent[1]["body"])


def test_a_message_accepted_by_the_gate_is_logged_with_its_id_and_without_its_number(world: World) -> None:
    metadata = {"country": "XX", "parts": "77"}
    status, made = through_the_gate(world.test_key, {"to": TO, "body": "Hello", "metadata": metadata})

    (call,) = logged(world)

    assert status == call.status == 202
    assert (call.method, call.route, call.code, call.livemode) == ("POST", "/v1/messages", None, False)
    assert call.message_id == ids.decode(ids.MESSAGE, made["id"])
    assert (call.country, call.parts) == ("NL", 1)
    assert call.request_id.startswith("trace-")


def test_a_refusal_at_the_gate_names_its_code_and_fields(world: World) -> None:
    through_the_gate(world.test_key, {"to": "0612345678", "body": ""})

    (call,) = logged(world)

    assert (call.status, call.code) == (422, "invalid_request") or call.code in ("not_e164", "blank")
    assert "#/to" in call.pointers


def test_a_key_without_the_scope_is_logged_by_the_gate_and_by_django(world: World) -> None:
    key = world.key(Scope.WEBHOOKS_READ)
    through_the_gate(key, {"to": TO, "body": "Hello"})
    world.api(key=key).get("/v1/messages")

    found = logged(world)

    assert [(call.status, call.code) for call in found] == [(403, "missing_scope")] * 2
    assert [call.method for call in found] == ["POST", "GET"]


@pytest.mark.promise("transit-10")
def test_an_address_is_kept_as_its_template(world: World) -> None:
    api = world.api()
    api.get(f"/v1/messages/{ids.encode(ids.MESSAGE, ids.uuid7())}")
    api.get(f"/v1/nowhere/{TO}")

    found = logged(world)

    assert [(call.route, call.status, call.code) for call in found] == [
        ("/v1/messages/{message_id}", 404, "not_found"),
        ("", 404, "not_found"),
    ]


def test_a_message_that_was_read_is_linked(world: World) -> None:
    made = world.api().post("/v1/messages", {"to": TO, "body": "Hello"}).json()
    world.api().get(f"/v1/messages/{made['id']}")

    found = logged(world)

    assert {call.message_id for call in found} == {ids.decode(ids.MESSAGE, made["id"])}


def test_a_request_without_a_known_key_belongs_to_nobody_and_is_not_logged(world: World) -> None:
    status, _ = through_the_gate("sk_test_" + "x" * 43, {"to": TO, "body": "Hello"})

    assert status == 401
    assert logged(world) == []


@pytest.mark.promise("transit-10")
@pytest.mark.parametrize(
    ("pointer", "kept"),
    [
        ("#/to", "#/to"),
        ("#/messages/3/to", "#/messages/3/to"),
        ("#/+31612345678", "#/…"),
        ("#/31612345678", "#/…"),
        ("#/metadata/jane", "#/metadata/…"),
        ("#/jane@example.org", "#/…"),
        ("?created_at[gte]", "?created_at[gte]"),
        ("?+31612345678", "…"),
    ],
)
def test_a_pointer_keeps_nothing_that_a_client_wrote(pointer: str, kept: str) -> None:
    content = json.dumps({"code": "unknown_field", "errors": [{"pointer": pointer}]}).encode()
    noted = calls.Noted(uuid4(), None, "", "POST", "/", 422, 0.0, content)  # type: ignore[arg-type]  # nobody asks who

    assert calls.read(noted).pointers == (kept,)


def test_requests_wait_while_the_database_is_away(world: World, settings: Any) -> None:
    recorder = calls.Recorder()
    recorder._thread = asyncio  # type: ignore[assignment]  # no thread: only this test writes
    away = {**settings.DATABASES["default"], "PORT": 1}
    key = _key(world)

    recorder.note(key, "trace-away", "GET", "/v1/messages", 200, 0.1, b"{}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("smsplatform.lib.database.conninfo", lambda _: {"host": "127.0.0.1", "port": away["PORT"]})
        recorder.flush()
    recorder.flush()
    recorder._session.close()

    assert [call.request_id for call in logged(world)] == ["trace-away"]


def test_what_does_not_fit_is_dropped_and_counted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = calls.Recorder()
    recorder._thread = asyncio  # type: ignore[assignment]  # no thread: nobody empties it
    monkeypatch.setattr(calls, "QUEUE_MAX", 2)
    key, before = _key(world), calls.DROPPED._value.get()

    for _ in range(5):
        recorder.note(key, "trace-full", "GET", "/v1/messages", 200, 0.1, b"{}")

    assert calls.DROPPED._value.get() - before == 3


def _key(world: World) -> Any:
    from accounts import keys

    return keys.find(keys.digest_of(f"Bearer {world.test_key}"))
