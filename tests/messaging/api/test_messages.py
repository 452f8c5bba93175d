import datetime as dt
import json
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from django.db import connections

from accounts.roles import Scope
from messaging.api.documents import BatchDocument, MessageDocument, PreviewDocument
from messaging.models import Message, Outbox, Sender
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope
from tests.factories import messaging
from tests.factories.accounts import SENDER, World, make_workspace

TO = messaging.TO
SECRET = "+31687654321"  # what answers must never repeat


@pytest.fixture(scope="module")
def world() -> World:
    return make_workspace()


@pytest.fixture(scope="module")
def stranger() -> World:
    return make_workspace()


def body(**fields: Any) -> dict[str, Any]:
    return {"to": SECRET, "body": "Hello", **fields}


def count_of(world: World) -> int:
    with scope.workspace(world.id):
        return Message.objects.filter(workspace_id=world.id).count()


def balance_of(world: World) -> int:
    with scope.workspace(world.id), connections["default"].cursor() as cursor:
        cursor.execute("SELECT sum(posted) FROM ledger.account WHERE workspace_id = %s", [world.id])
        return int(cursor.fetchone()[0])


def codes_of(problem: dict[str, Any]) -> dict[str, str]:
    return {error["pointer"]: error["code"] for error in problem.get("errors", [])}


# Sending


def test_a_message_is_accepted_charged_and_described(world: World) -> None:
    response = world.api().post("/v1/messages", body(reference="order 1", metadata={"shop": "1"}))

    assert response.status_code == 202, response.content
    found = msgspec.json.decode(response.content, type=MessageDocument)
    assert (found.status, found.to, found.from_, found.body) == ("queued", SECRET, SENDER, "Hello")
    assert found.livemode is False
    assert response["RateLimit"].startswith('"send";r=')
    with scope.workspace(world.id):
        assert Outbox.objects.filter(message_id=ids.decode("msg", found.id)).exists()


def test_a_repeated_request_with_its_idempotency_key_is_carried_out_once(world: World) -> None:
    key, before = uuid4().hex, count_of(world)

    first = world.api().post("/v1/messages", body(), Idempotency_Key=key)
    second = world.api().post("/v1/messages", body(), Idempotency_Key=key)

    assert first.json() == second.json()
    assert second["Idempotent-Replayed"] == "true"
    assert count_of(world) == before + 1


@pytest.mark.promise("duty-06")
def test_an_idempotency_key_with_another_payload_is_refused(world: World) -> None:
    key = uuid4().hex
    world.api().post("/v1/messages", body(), Idempotency_Key=key)

    response = world.api().post("/v1/messages", body(body="Other"), Idempotency_Key=key)

    assert response.status_code == 422
    assert response.json()["code"] == "idempotency_key_reused"


def test_a_batch_accepts_and_refuses_each_message_on_its_own(world: World) -> None:
    items = [body(), body(to="nonsense"), {"to": TO}, body(body="Third")]

    response = world.api().post("/v1/messages/batch", {"messages": items})

    assert response.status_code == 202, response.content
    found = msgspec.json.decode(response.content, type=BatchDocument)
    assert (found.accepted, found.refused) == (2, 2)
    assert [entry["object"] for entry in response.json()["results"]] == ["message", "refusal", "refusal", "message"]
    assert {entry.get("batch_id") for entry in response.json()["results"]} == {found.id, None}


def test_a_repeated_batch_gets_the_answer_of_the_first_in_the_same_places(world: World) -> None:
    key, before = uuid4().hex, count_of(world)
    items = {"messages": [body(to="nonsense"), body(), body(body="")]}

    first = world.api().post("/v1/messages/batch", items, Idempotency_Key=key)
    second = world.api().post("/v1/messages/batch", items, Idempotency_Key=key)

    assert second["Idempotent-Replayed"] == "true"
    assert first.json() == second.json()
    assert count_of(world) == before + 1


def test_a_replay_of_an_erased_message_says_so(world: World) -> None:
    key = uuid4().hex
    public = world.api().post("/v1/messages", body(), Idempotency_Key=key).json()["id"]
    world.api().post(f"/v1/messages/{public}/cancel")
    assert world.api().delete(f"/v1/messages/{public}").status_code == 204

    response = world.api().post("/v1/messages", body(), Idempotency_Key=key)

    assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_a_batch_of_which_nothing_is_accepted_is_refused(world: World) -> None:
    before = count_of(world)

    response = world.api().post("/v1/messages/batch", {"messages": [body(to="1")]})

    assert response.status_code == 422
    assert response.json()["accepted"] == 0
    assert count_of(world) == before


def test_an_empty_wallet_accepts_nothing() -> None:
    poor = make_workspace(funds=0)

    response = poor.api().post("/v1/messages", body())

    assert response.status_code == 402
    assert response.json()["code"] == "insufficient_balance"
    assert count_of(poor) == 0


def test_a_template_with_a_code_tells_the_code_once_and_on_replay_and_stores_it_nowhere(world: World) -> None:
    api, key = world.api(), uuid4().hex
    made = api.post("/v1/templates", {"name": "login", "text": "Your code is {{code}}", "code_digits": 6}).json()
    wanted = {"to": TO, "category": "otp", "template": {"id": made["id"]}}

    first = api.post("/v1/messages", wanted, Idempotency_Key=key).json()
    second = api.post("/v1/messages", wanted, Idempotency_Key=key).json()
    later = api.get(f"/v1/messages/{first['id']}").json()

    assert len(first["code"]) == 6
    assert second["code"] == first["code"]
    assert first["body"] is None
    assert "code" not in later


# Refusing

BAD: list[tuple[str, bytes, int, str, str | None]] = [
    ("malformed", b'{"to": ', 400, "invalid_json", None),
    ("empty", b"", 400, "invalid_json", None),
    ("not an object", b"[]", 422, "wrong_type", "#"),
    ("nothing", b"{}", 422, "required", "#/to"),
    ("NaN", b'{"to": NaN}', 400, "invalid_json", None),
    ("not UTF-8", b'{"to": "\xff"}', 400, "invalid_json", None),
    ("wrong type", json.dumps(body(to=5)).encode(), 422, "wrong_type", "#/to"),
    ("list for text", json.dumps(body(body=["a"])).encode(), 422, "wrong_type", "#/body"),
    ("unknown field", json.dumps(body(bdoy="x")).encode(), 422, "unknown_field", "#/bdoy"),
    ("deep unknown", json.dumps(body(privacy={"x": 1})).encode(), 422, "unknown_field", "#/privacy/x"),
    ("bad number", json.dumps(body(to="0612345678")).encode(), 422, "not_e164", "#/to"),
    ("no such number", json.dumps(body(to="+3161")).encode(), 422, "too_short", "#/to"),
    ("letters", json.dumps(body(to="+31CALLME")).encode(), 422, "not_e164", "#/to"),
    ("empty text", json.dumps(body(body="")).encode(), 422, "too_short", "#/body"),
    ("10,000 characters", json.dumps(body(body="a" * 10_000)).encode(), 422, "too_many_parts", "#/body"),
    ("lone surrogate", b'{"to": "+31687654321", "body": "\\ud83d"}', 422, "lone_surrogate", "#/body"),
    ("lone surrogate in a name", b'{"to": "+31687654321", "\\ud83d": "x"}', 422, "lone_surrogate", None),
    ("NUL", b'{"to": "+31687654321", "body": "a\\u0000b"}', 422, "control_character", "#/body"),
    ("NUL in reference", json.dumps(body(reference="a\0")).encode(), 422, "control_character", "#/reference"),
    ("long reference", json.dumps(body(reference="a" * 129)).encode(), 422, "too_long", "#/reference"),
    ("nested metadata", json.dumps(body(metadata={"a": {"b": 1}})).encode(), 422, "wrong_type", None),
    ("much metadata", json.dumps(body(metadata={str(n): "x" for n in range(21)})).encode(), 422, "metadata_invalid",
     "#/metadata"),
    ("unknown sender", json.dumps(body(**{"from": "NOBODY"})).encode(), 422, "invalid_sender", "#/from"),
    ("both texts", json.dumps(body(template={"id": "tpl_x"})).encode(), 422, "body_or_template", "#/body"),
    ("category", json.dumps(body(category="spam")).encode(), 422, "invalid_value", "#/category"),
    ("not gsm7", json.dumps(body(body="привет", encoding="gsm7")).encode(), 422, "offending_characters", "#/body"),
    ("parts out of range", json.dumps(body(max_parts=0)).encode(), 422, "out_of_range", "#/max_parts"),
    ("date without zone", json.dumps(body(expires_at="2030-01-01T00:00:00")).encode(), 422, "zone_missing", None),
    ("no date", json.dumps(body(send_at="tomorrow")).encode(), 422, "invalid_value", "#/send_at"),
    ("both ends", json.dumps(body(ttl=60, expires_at="2030-01-01T00:00:00Z")).encode(), 422, "ttl_or_expires_at",
     "#/ttl"),
    ("ttl", json.dumps(body(ttl=1)).encode(), 422, "ttl_out_of_range", "#/ttl"),
    ("ttl without end", json.dumps(body(ttl=10**30)).encode(), 422, "ttl_out_of_range", "#/ttl"),
    ("no amount", json.dumps(body(max_price="NaN")).encode(), 422, "invalid_amount", "#/max_price"),
    ("too dear", json.dumps(body(max_price="0.000001")).encode(), 422, "price_above_max", "#/max_price"),
    ("retention", json.dumps(body(privacy={"retain_hours": 48})).encode(), 422, "retain_hours_out_of_range", None),
    ("too large", b'{"body": "' + b"a" * 70_000 + b'"}', 413, "body_too_large", None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "status", "code", "pointer"), [case[1:] for case in BAD], ids=[case[0] for case in BAD]
)
def test_bad_input_names_the_field_and_changes_nothing(
    world: World, raw: bytes, status: int, code: str, pointer: str | None
) -> None:
    before = count_of(world), balance_of(world)

    response = world.api().post("/v1/messages", raw)

    problem = response.json()
    assert response.status_code == status, problem
    assert response["Content-Type"] == "application/problem+json"
    assert code in {problem["code"], *codes_of(problem).values()}
    if pointer:
        assert codes_of(problem)[pointer] == code
    assert problem["detail"]
    assert SECRET[1:] not in response.content.decode()
    assert (count_of(world), balance_of(world)) == before


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"{", "invalid_json"),
        (b"[]", "wrong_type"),
        (b"{}", "required"),
        (b'{"messages": {}}', "wrong_type"),
        (b'{"messages": []}', "batch_empty"),
        (b'{"messages": [], "x": 1}', "unknown_field"),
        (json.dumps({"messages": [{}] * 1001}).encode(), "batch_too_large"),
    ],
)
def test_a_bad_batch_is_refused_as_a_whole(world: World, raw: bytes, code: str) -> None:
    response = world.api().post("/v1/messages/batch", raw)

    assert response.status_code in (400, 422)
    assert response.json()["code"] == code


@pytest.mark.parametrize("key", ["", "é" * 10, "a" * 256, "a\tb"])
def test_a_bad_idempotency_key_is_refused(world: World, key: str) -> None:
    response = world.api().post("/v1/messages", body(), Idempotency_Key=key)

    assert response.status_code == 422
    assert response.json()["code"] == "invalid_idempotency_key"


# Who may


@pytest.mark.parametrize(
    ("authorization", "code"),
    [("", "missing_key"), ("Bearer sk_test_nobody", "invalid_key"), ("Basic abc", "invalid_key"), ("x", "invalid_key")],
)
def test_without_a_valid_key_nothing_is_told(world: World, authorization: str, code: str) -> None:
    api = world.api()
    api.headers = {"Authorization": authorization} if authorization else {}

    response = api.get("/v1/messages")

    assert response.status_code == 401
    assert response.json()["code"] == code


def test_a_key_may_only_do_what_its_scopes_say(world: World) -> None:
    reader = world.api(key=world.key(Scope.MESSAGES_READ))

    assert reader.get("/v1/messages").status_code == 200
    response = reader.post("/v1/messages", body())
    assert response.status_code == 403
    assert response.json()["code"] == "missing_scope"


def test_a_stranger_finds_nothing_of_ours(world: World, stranger: World) -> None:
    (draft,) = messaging.accept(world)
    public = ids.encode("msg", draft.id)

    for response in (
        stranger.api().get(f"/v1/messages/{public}"),
        stranger.api().post(f"/v1/messages/{public}/cancel"),
        stranger.api().post(f"/v1/messages/{public}/redact"),
        stranger.api().delete(f"/v1/messages/{public}"),
    ):
        assert response.status_code == 404
        assert response.json()["code"] == "not_found"
    assert stranger.api().post("/v1/messages/search", {"to": TO}).json()["data"] == []


def test_a_key_of_the_other_mode_finds_nothing(world: World) -> None:
    (draft,) = messaging.accept(world)
    public = ids.encode("msg", draft.id)

    assert world.api(live=True).get(f"/v1/messages/{public}").status_code == 404
    assert world.api(live=True).post(f"/v1/messages/{public}/cancel").status_code == 404


@pytest.mark.parametrize("public", ["msg_x", "x", "whk_01h455vb4pex5vsknk084sn02q", "msg_01h455vb4pex5vsknk084sn02q"])
def test_what_is_no_message_is_not_found(world: World, public: str) -> None:
    assert world.api().get(f"/v1/messages/{public}").status_code == 404


# Reading


def test_a_message_is_read_with_its_timeline(world: World) -> None:
    (draft,) = messaging.accept(world)
    messaging.finish(world, [draft])

    response = world.api().get(f"/v1/messages/{ids.encode('msg', draft.id)}")

    found = msgspec.json.decode(response.content, type=MessageDocument)
    assert found.status == "delivered"
    assert isinstance(found.timeline, list)
    steps = [(step.type, step.code) for step in found.timeline]
    assert steps[0] == ("accepted", None)
    assert ("attempt", "accepted") in steps
    assert ("receipt", "delivered") in steps
    assert ("final", "delivered") in steps


def test_lists_are_paged_newest_first() -> None:
    world = make_workspace()
    drafts = messaging.accept(world, count=5)
    wanted = [ids.encode("msg", draft.id) for draft in reversed(drafts)]

    first = world.api().get("/v1/messages", {"limit": "3"})
    second = world.api().get("/v1/messages", {"limit": "3", "cursor": first.json()["next_cursor"]})

    assert [entry["id"] for entry in first.json()["data"]] == wanted[:3]
    assert [entry["id"] for entry in second.json()["data"]] == wanted[3:]
    assert second.json()["has_more"] is False
    assert 'rel="next"' in first["Link"]


def test_lists_are_filtered_by_every_field() -> None:
    world = make_workspace()
    (found,) = messaging.accept(world, to="+4915123456789", reference="r 1", category="marketing", body="x")
    messaging.accept(world, count=2)
    wanted = ids.encode("msg", found.id)

    for query in (
        {"reference": "r 1"},
        {"category": "marketing"},
        {"country": "DE"},
        {"sender": SENDER, "country": "DE"},
        {"status": "queued", "reference": "r 1"},
    ):
        listed = world.api().get("/v1/messages", query).json()
        assert [entry["id"] for entry in listed["data"]] == [wanted], query
    assert world.api().get("/v1/messages", {"sender": "OTHER"}).json()["data"] == []
    assert len(world.api().get("/v1/messages", {"status": "queued"}).json()["data"]) == 3
    assert world.api().get("/v1/messages", {"status": "delivered"}).json()["data"] == []
    assert world.api(live=True).get("/v1/messages").json()["data"] == []


def test_a_search_by_post_keeps_the_number_out_of_the_address() -> None:
    world = make_workspace()
    messaging.accept(world, count=3)
    messaging.accept(world, to="+4915123456789")

    page = world.api().post("/v1/messages/search", {"to": TO, "limit": 2}).json()
    rest = world.api().post("/v1/messages/search", {"to": TO, "limit": 2, "cursor": page["next_cursor"]}).json()

    assert [len(page["data"]), len(rest["data"])] == [2, 1]
    assert {entry["to"] for entry in page["data"] + rest["data"]} == {TO}
    spaced = world.api().post("/v1/messages/search", {"to": "+49 151 2345 6789"}).json()
    assert [entry["to"] for entry in spaced["data"]] == ["+4915123456789"]
    assert world.api().post("/v1/messages/search", {"to": "nonsense"}).status_code == 422


def test_a_repeat_that_has_become_invalid_gets_the_first_answer() -> None:
    world = make_workspace()
    wanted = {"to": TO, "body": "Hello"}
    first = world.api().post("/v1/messages", wanted, Idempotency_Key="once")
    with scope.workspace(world.id):
        Sender.objects.filter(pk=world.sender.pk).update(state=Sender.State.REJECTED)

    again = world.api().post("/v1/messages", wanted, Idempotency_Key="once")
    other = world.api().post("/v1/messages", wanted, Idempotency_Key="twice")

    assert (first.status_code, again.status_code, other.status_code) == (202, 202, 422)
    assert again.json()["id"] == first.json()["id"]
    assert again["Idempotent-Replayed"] == "true"


def test_lists_are_bounded_in_time() -> None:
    world = make_workspace()
    messaging.accept(world)
    tomorrow = (clock.now() + dt.timedelta(days=1)).isoformat()

    assert len(world.api().get("/v1/messages", {"created_at[lt]": tomorrow}).json()["data"]) == 1
    assert world.api().get("/v1/messages", {"created_at[gte]": tomorrow}).json()["data"] == []


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"status": "gone"}, "?status"),
        ({"country": "de"}, "?country"),
        ({"country": "D\0"}, "?country"),
        ({"colour": "red"}, "?colour"),
        ({"limit": "0"}, "?limit"),
        ({"cursor": "x"}, "?cursor"),
        ({"created_at[gte]": "yesterday"}, "?created_at[gte]"),
        ({"batch": "nonsense"}, "?batch"),
        ({"sender": "snd_nonsense"}, "?sender"),
        ({"format": "xml"}, "?format"),
        ({"to": "+4915123456789"}, "?to"),
    ],
)
def test_a_bad_filter_is_named(world: World, query: dict[str, str], pointer: str) -> None:
    response = world.api().get("/v1/messages", query)

    assert response.status_code == 422, response.content
    assert pointer in codes_of(response.json())


@pytest.mark.promise("team-30", "api-33")
def test_messages_past_their_retention_are_not_readable(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    (draft,) = messaging.accept(world)
    public = ids.encode("msg", draft.id)
    later = clock.now() + dt.timedelta(
        days=90, minutes=30
    )  # ids never run backwards, so another test may have left them ahead

    monkeypatch.setattr(clock, "now", lambda: later)

    assert world.api().get(f"/v1/messages/{public}").status_code == 404
    assert world.api().get("/v1/messages").json()["data"] == []


# Taking back


def test_a_waiting_message_is_canceled_and_its_price_released(world: World) -> None:
    before = balance_of(world)
    (draft,) = messaging.accept(world)
    public = ids.encode("msg", draft.id)

    response = world.api().post(f"/v1/messages/{public}/cancel")

    assert response.status_code == 200, response.content
    assert (response.json()["status"], response.json()["price"]["state"]) == ("canceled", "released")
    assert balance_of(world) == before
    again = world.api().post(f"/v1/messages/{public}/cancel")
    assert (again.status_code, again.json()["code"]) == (409, "already_final")


def test_a_submitted_message_cannot_be_canceled(world: World) -> None:
    (draft,) = messaging.accept(world)
    messaging.submit(world, [draft])

    response = world.api().post(f"/v1/messages/{ids.encode('msg', draft.id)}/cancel")

    assert (response.status_code, response.json()["code"]) == (409, "not_cancelable")


def test_redacting_removes_text_number_and_reference(world: World) -> None:
    (draft,) = messaging.accept(world, reference="order 9", metadata={"a": "b"})
    public = ids.encode("msg", draft.id)
    early = world.api().post(f"/v1/messages/{public}/redact")
    messaging.finish(world, [draft])

    response = world.api().post(f"/v1/messages/{public}/redact")

    assert early.status_code == 409
    assert response.status_code == 200
    shown = response.json()
    assert (shown["to"], shown["body"], shown["reference"], shown["metadata"]) == (None, None, None, None)
    assert shown["redacted_at"]
    assert world.api().post(f"/v1/messages/{public}/redact").json()["code"] == "already_redacted"


def test_erasing_removes_the_message(world: World) -> None:
    (draft,) = messaging.accept(world)
    public = ids.encode("msg", draft.id)
    early = world.api().delete(f"/v1/messages/{public}")
    messaging.finish(world, [draft])

    response = world.api().delete(f"/v1/messages/{public}")

    assert early.status_code == 409
    assert response.status_code == 204
    assert world.api().get(f"/v1/messages/{public}").status_code == 404


# Previewing


def test_a_preview_counts_prices_and_names_what_costs_a_part_more(world: World) -> None:
    before = count_of(world), balance_of(world)
    numbers = [TO, "+31612345679", "+4915123456789", "nonsense"]

    response = world.api().post("/v1/messages/preview", {"to": numbers, "body": "Tür “offen” ♥ " * 8})

    assert response.status_code == 200, response.content
    found = msgspec.json.decode(response.content, type=PreviewDocument)
    assert (found.encoding, found.messages) == ("ucs2", 3)
    assert found.offending_characters == ["“", "”", "♥"]
    assert {total.country: total.messages for total in found.countries} == {"NL": 2, "DE": 1}
    assert [(fault.pointer, fault.code) for fault in found.refused] == [("#/to/3", "not_e164")]
    assert (count_of(world), balance_of(world)) == before


def test_a_preview_shows_the_text_with_look_alikes_replaced(world: World) -> None:
    wanted = {"to": TO, "body": "It’s “here” …", "smart_encoding": True}

    found = msgspec.json.decode(world.api().post("/v1/messages/preview", wanted).content, type=PreviewDocument)

    assert (found.encoding, found.substituted, found.body) == ("gsm7", True, 'It\'s "here" ...')


def test_what_would_be_sent_can_be_previewed_as_it_is(world: World) -> None:
    wanted = {
        "to": TO, "body": "x", "reference": "order 1", "metadata": {"shop": "1"}, "ttl": 60, "fallback": "none",
        "max_price": "1.00", "privacy": {"content": "discard"}, "status_callback": "https://example.org/hook",
    }  # fmt: skip
    before = count_of(world), balance_of(world), world.api().get("/v1/webhook_endpoints").json()

    previewed = world.api().post("/v1/messages/preview", wanted)

    assert (previewed.status_code, previewed.json()["messages"]) == (200, 1), previewed.content
    assert (count_of(world), balance_of(world), world.api().get("/v1/webhook_endpoints").json()) == before


def test_a_price_ceiling_leaves_recipients_out_of_a_preview_by_themselves(world: World) -> None:
    prices = {
        to: world.api().post("/v1/messages/preview", {"to": to, "body": "x"}).json()["price"]["amount"]
        for to in (TO, "+4915123456789")
    }
    cheap, dear = sorted(prices, key=lambda to: float(prices[to]))

    answer = world.api().post(
        "/v1/messages/preview", {"to": [dear, cheap], "body": "x", "max_price": prices[cheap]}
    ).json()  # fmt: skip

    assert prices[cheap] != prices[dear]
    assert answer["messages"] == 1
    assert [(fault["pointer"], fault["code"]) for fault in answer["refused"]] == [("#/to/0", "price_above_max")]


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"to": []}, "#/to"),
        ({"to": [TO] * 1001}, "#/to"),
        ({"body": ""}, "#/body"),
        ({"to": "x"}, "#/to"),
        ({"x": 1}, "#/x"),
        ({"ttl": 1}, "#/ttl"),
        ({"max_price": "much"}, "#/max_price"),
        ({"metadata": {"": ""}}, "#/metadata"),
        ({"status_callback": "file:///etc/passwd"}, "#/status_callback"),
    ],
)
def test_a_bad_preview_is_refused(world: World, fields: dict[str, Any], pointer: str) -> None:
    response = world.api().post("/v1/messages/preview", {"to": TO, "body": "x", **fields})

    assert response.status_code == 422
    assert pointer in codes_of(response.json())
