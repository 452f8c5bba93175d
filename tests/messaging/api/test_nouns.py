import json
from typing import Any

import msgspec
import pytest

from messaging.api.documents import SenderDocument, SuppressionDocument, TemplateDocument
from messaging.models import Suppression
from smsplatform.lib import ids
from smsplatform.lib.tenancy import scope
from tests.factories import messaging
from tests.factories.accounts import SENDER, World, make_sender, make_workspace


@pytest.fixture(scope="module")
def world() -> World:
    return make_workspace()


@pytest.fixture(scope="module")
def stranger() -> World:
    return make_workspace()


def test_senders_are_listed(world: World, stranger: World) -> None:
    with scope.workspace(world.id):
        make_sender(world.id, "LATER", state="review")

    (later, first) = world.api().get("/v1/senders").json()["data"]

    shown = msgspec.convert(first, SenderDocument)
    assert (shown.address, shown.state, shown.default) == (SENDER, "approved", True)
    assert later["state"] == "review"
    assert [entry["id"] for entry in stranger.api().get("/v1/senders").json()["data"]] != [first["id"]]


def test_a_template_is_made_read_used_and_deleted(world: World) -> None:
    api = world.api()
    response = api.post("/v1/templates", {"name": "ready", "text": "Order {{number}} is ready."})
    made = msgspec.json.decode(response.content, type=TemplateDocument)

    sent = api.post("/v1/messages", {"to": messaging.TO, "template": {"id": made.id, "variables": {"number": "7"}}})

    assert response.status_code == 201
    assert sent.json()["body"] == "Order 7 is ready."
    busy = api.delete(f"/v1/templates/{made.id}")
    assert (busy.status_code, busy.json()["code"]) == (409, "conflict")
    api.post(f"/v1/messages/{sent.json()['id']}/cancel")
    assert api.delete(f"/v1/templates/{made.id}").status_code == 204
    assert api.get(f"/v1/templates/{made.id}").status_code == 404


@pytest.mark.parametrize(
    ("variables", "wanted"),
    [
        ({}, {"#/template/variables/name": "required"}),
        ({"name": "Jo", "nick/name": "J"}, {"#/template/variables/nick~1name": "template_variables"}),
        ({"nane": "Jo"}, {"#/template/variables/name": "required", "#/template/variables/nane": "template_variables"}),
        ({"name": ""}, {"#/template/variables": "too_short"}),
        ({"name": "x" * 2000}, {"#/template": "too_many_parts"}),
        (
            {
                "name": "é\u0107",
            },
            {},
        ),
    ],
    ids=["missing", "unknown", "misspelt", "nothing left to send", "long", "good"],
)
def test_values_and_placeholders_of_a_template_have_to_match(
    world: World, variables: dict[str, str], wanted: dict[str, str]
) -> None:
    made = world.api().post("/v1/templates", {"name": "x", "text": "{{name}}"}).json()["id"]

    answer = world.api().post(
        "/v1/messages", {"to": messaging.TO, "template": {"id": made, "variables": variables}}
    ).json()  # fmt: skip

    assert {error["pointer"]: error["code"] for error in answer.get("errors", [])} == wanted, answer


@pytest.mark.parametrize(
    ("fields", "pointer", "code"),
    [
        ({"text": ""}, "#/text", "too_short"),
        ({"text": "x" * 2001}, "#/text", "too_long"),
        ({"name": ""}, "#/name", "too_short"),
        ({"code_digits": 3}, "#/code_digits", "out_of_range"),
        ({"code_digits": 6}, "#/text", "template_variables"),
        ({"text": "{{code}}"}, "#/text", "template_variables"),
        ({"text": "{{Name}}"}, "#/text", "template_variables"),
        ({"text": "{{a.b}}"}, "#/text", "template_variables"),
        ({"colour": "red"}, "#/colour", "unknown_field"),
        ({"text": 5}, "#/text", "wrong_type"),
    ],
)
def test_a_bad_template_is_named(world: World, fields: dict[str, Any], pointer: str, code: str) -> None:
    response = world.api().post("/v1/templates", {"name": "x", "text": "x", **fields})

    assert response.status_code == 422
    assert (pointer, code) in [(error["pointer"], error["code"]) for error in response.json()["errors"]]


def test_a_suppressed_number_is_not_sent_to_until_it_is_allowed_again(world: World) -> None:
    api, number = world.api(), "+31687000001"
    response = api.post("/v1/suppressions", {"to": number})
    made = msgspec.json.decode(response.content, type=SuppressionDocument)

    refused = api.post("/v1/messages", {"to": number, "body": "x"})
    repeated = api.post("/v1/suppressions", {"to": "+31 6 8700 0001"})

    assert response.status_code == 201
    assert (refused.status_code, refused.json()["code"]) == (422, "suppressed_recipient")
    assert (repeated.status_code, repeated.json()["id"]) == (200, made.id)
    assert number not in json.dumps(api.get("/v1/suppressions").json())
    assert api.delete(f"/v1/suppressions/{made.id}").status_code == 204
    assert api.post("/v1/messages", {"to": number, "body": "x"}).status_code == 202


def test_an_objection_is_not_lifted_by_a_key(world: World) -> None:
    made = world.api().post("/v1/suppressions", {"to": "+31687000002", "reason": "objection"}).json()

    response = world.api().delete(f"/v1/suppressions/{made['id']}")

    assert (response.status_code, response.json()["code"]) == (403, "permission_denied")
    with scope.workspace(world.id):
        assert Suppression.objects.filter(id=ids.decode("sup", made["id"])).exists()


@pytest.mark.parametrize(
    ("body", "pointer"), [({}, "#/to"), ({"to": "x"}, "#/to"), ({"to": messaging.TO, "reason": "x"}, "#/reason")]
)
def test_a_bad_suppression_is_named(world: World, body: dict[str, Any], pointer: str) -> None:
    response = world.api().post("/v1/suppressions", body)

    assert response.status_code == 422
    assert [error["pointer"] for error in response.json()["errors"]] == [pointer]


def test_a_stranger_finds_neither_templates_nor_suppressions(world: World, stranger: World) -> None:
    template = world.api().post("/v1/templates", {"name": "x", "text": "x"}).json()["id"]
    suppression = world.api().post("/v1/suppressions", {"to": "+31687000003"}).json()["id"]

    for response in (
        stranger.api().get(f"/v1/templates/{template}"),
        stranger.api().delete(f"/v1/templates/{template}"),
        stranger.api().delete(f"/v1/suppressions/{suppression}"),
    ):
        assert response.status_code == 404
    assert stranger.api().get("/v1/templates").json()["data"] == []
    assert stranger.api().get("/v1/suppressions").json()["data"] == []
