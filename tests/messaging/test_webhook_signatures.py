"""Webhooks as a receiver checks them that has nothing of ours but the guide."""

import datetime as dt
import re
import runpy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from standardwebhooks.webhooks import Webhook

from accounts.roles import Scope
from messaging.api.documents import EndpointDocument
from messaging.models import WebhookEndpoint
from messaging.webhooks import Deliverer
from privacy.models import AuditEvent
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope
from tests.factories import messaging
from tests.factories.accounts import World, make_workspace
from tests.messaging.receiver import Got, Receiver, receiving

GUIDE = Path(__file__).parents[2] / "docs/guide"
Check = Callable[[str, Any, bytes], bool]


def checks(language: str, folder: Path) -> list[Check]:
    """The functions that a guide shows: for a shared secret, and for a public key."""
    text = (GUIDE / language / "webhooks.md").read_text()
    found: list[Check] = []
    for number, code in enumerate(re.findall(r"```\n(import base64.+?)```", text, re.DOTALL)):
        file = folder / f"{language}{number}.py"
        file.write_text(code)
        found.append(runpy.run_path(str(file))["verified"])
    return found


@pytest.fixture(scope="module")
def shared_or_public(tmp_path_factory: pytest.TempPathFactory) -> list[Check]:
    return checks("en", tmp_path_factory.mktemp("guide"))


@pytest.fixture(scope="module")
def public(shared_or_public: list[Check]) -> Check:
    return shared_or_public[1]


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def world(settings: Any) -> World:
    settings.WEBHOOK_PRIVATE_HOSTS = ["127.0.0.1"]
    return make_workspace()


@pytest.fixture
def ahead() -> list[dt.timedelta]:
    return [dt.timedelta()]


@pytest.fixture
def deliverer(world: World, ahead: list[dt.timedelta]) -> Iterator[Deliverer]:
    made = Deliverer(now=lambda: clock.now() + ahead[0])
    yield made
    made.stop()


def endpoint(world: World, url: str, **fields: Any) -> Any:
    response = world.api().post("/v1/webhook_endpoints", {"url": url, **fields})
    assert response.status_code == 201, response.content
    return response.json()


def rotated(world: World, made: Any, **body: Any) -> Any:
    response = world.api().post(f"/v1/webhook_endpoints/{made['id']}/rotate_secret", body or None)
    assert response.status_code == 200, response.content
    return response.json()


def deliver(world: World, deliverer: Deliverer) -> None:
    messaging.finish(world, messaging.accept(world))
    deliverer.drain(box_seconds=10, linger_seconds=0.05)


def versions(got: Got) -> list[str]:
    return [entry.partition(",")[0] for entry in got.headers["webhook-signature"].split()]


def test_the_guide_shows_the_same_checks_in_both_languages(tmp_path: Path, shared_or_public: list[Check]) -> None:
    code = [[one.__code__.co_code for one in checks(name, tmp_path)] for name in ("en", "de")]

    assert code[0] == code[1]
    assert len(code[0]) == len(shared_or_public) == 2


def test_an_event_is_checked_by_the_public_key_and_by_no_other(
    world: World, receiver: Receiver, deliverer: Deliverer, public: Check
) -> None:
    made, other = (endpoint(world, receiver.url(path), signature="ed25519") for path in ("/pair", "/other"))

    deliver(world, deliverer)

    (got,) = receiver.wait("/pair", 1)
    assert versions(got) == ["v1a"]
    assert public(made["public_key"], got.headers, got.body)
    assert not public(other["public_key"], got.headers, got.body)
    assert not public(made["public_key"], got.headers, got.body + b" ")
    for name, value in (("webhook-id", "evt_x"), ("webhook-timestamp", "1"), ("webhook-signature", "v1a,x v1a, x")):
        assert not public(made["public_key"], {**got.headers, name: value}, got.body)


def test_an_event_signed_by_a_shared_secret_is_checked_as_ever(
    world: World, receiver: Receiver, deliverer: Deliverer, shared_or_public: list[Check]
) -> None:
    made = endpoint(world, receiver.url("/shared"))

    deliver(world, deliverer)

    (got,) = receiver.wait("/shared", 1)
    assert versions(got) == ["v1"]
    assert shared_or_public[0](made["secret"], got.headers, got.body)


def test_the_old_and_the_new_key_both_check_for_a_day(
    world: World, receiver: Receiver, deliverer: Deliverer, ahead: list[dt.timedelta], public: Check
) -> None:
    old = endpoint(world, receiver.url("/pairs"), signature="ed25519")
    new = rotated(world, old)

    deliver(world, deliverer)
    ahead[0] = dt.timedelta(hours=25)
    deliver(world, deliverer)

    during, after = receiver.wait("/pairs", 2)
    assert new["public_key"] != old["public_key"]
    assert (versions(during), versions(after)) == (["v1a", "v1a"], ["v1a"])
    assert all(public(key["public_key"], during.headers, during.body) for key in (old, new))


def test_a_rotation_changes_over_to_the_other_signature_and_back(
    world: World, receiver: Receiver, deliverer: Deliverer, public: Check
) -> None:
    first = endpoint(world, receiver.url("/over"))
    second = rotated(world, first, signature="ed25519")
    deliver(world, deliverer)
    third = rotated(world, first, signature="hmac")
    deliver(world, deliverer)

    to, back = receiver.wait("/over", 2)
    assert (versions(to), versions(back)) == (["v1a", "v1"], ["v1", "v1a"])
    assert Webhook(first["secret"]).verify(to.body, to.headers)
    assert public(second["public_key"], to.headers, to.body)
    assert public(second["public_key"], back.headers, back.body)
    assert Webhook(third["secret"]).verify(back.body, back.headers)
    with scope.workspace(world.id):
        events = AuditEvent.objects.filter(workspace_id=world.id, action__startswith="user:webhook_endpoint:")
        assert [event.details["signature"] for event in events.order_by("id")] == ["hmac", "ed25519", "hmac"]


def test_the_public_key_is_in_every_answer_and_the_private_one_in_none(world: World) -> None:
    made = endpoint(world, "https://example.com/", signature="ed25519")
    path = f"/v1/webhook_endpoints/{made['id']}"
    reader = world.api(key=world.key(Scope.WEBHOOKS_READ))
    answers = [world.api().post(f"{path}/rotate_secret"), reader.get(path), reader.get("/v1/webhook_endpoints")]

    shown = msgspec.json.decode(answers[1].content, type=EndpointDocument)
    with scope.workspace(world.id):
        stored = WebhookEndpoint.objects.get(id=ids.decode(ids.WEBHOOK, made["id"]))
    assert shown.signature == "ed25519"
    assert shown.public_key == stored.public_key == answers[2].json()["data"][0]["public_key"]
    assert stored.secret.startswith("whsk_")
    for answer in answers:
        assert b"whsk_" not in answer.content
        assert b'"secret"' not in answer.content
    assert "secret" not in made


def test_a_shared_secret_has_no_public_key_to_show(world: World) -> None:
    made = endpoint(world, "https://example.com/")

    assert (made["signature"], made["public_key"]) == ("hmac", None)
    assert rotated(world, made)["signature"] == "hmac"


@pytest.mark.parametrize("path", ["", "/rotate_secret"])
@pytest.mark.parametrize(("value", "code"), [("rsa", "invalid_value"), (5, "wrong_type"), ("", "invalid_value")])
def test_an_unknown_signature_is_named(world: World, path: str, value: object, code: str) -> None:
    made = endpoint(world, "https://example.com/")
    path = f"/{made['id']}{path}" if path else ""

    response = world.api().post(f"/v1/webhook_endpoints{path}", {"signature": value} | ({} if path else {"url": "x"}))

    assert response.status_code == 422
    (fault,) = response.json()["errors"]
    assert (fault["pointer"], fault["code"]) == ("#/signature", code)
    assert fault["detail"]


def test_the_signature_is_changed_by_rotating_only(world: World) -> None:
    made = endpoint(world, "https://example.com/")

    response = world.api().patch(f"/v1/webhook_endpoints/{made['id']}", {"signature": "ed25519"})

    assert response.json()["errors"][0]["code"] == "unknown_field"
