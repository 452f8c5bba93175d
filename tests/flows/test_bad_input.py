"""Bad input, at both doors: the gate on a running web process, and the views behind it through Django's test client.

Whatever comes in, the answer is a problem document that names the field and the fix, and nothing is charged or stored.
"""

import gzip
import json
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client

from billing import ledger
from messaging.models import IdempotencyKey, Message, WebhookEndpoint
from smsplatform.lib.api.codes import CODES
from smsplatform.lib.tenancy import scope
from tests.factories import pages
from tests.flows import seeding
from tests.flows.stack import Answer, Stack, http

ONE, BATCH, HOOKS = "/v1/messages", "/v1/messages/batch", "/v1/webhook_endpoints"
TO = "+4915123456789"
SECRET = "hunter2-do-not-repeat"  # must not come back in any answer
GOOD = {"to": TO, "body": "hello"}
KEYS: dict[str, dict[str, Any]] = {
    "main": {},
    "read": {"scopes": ["messages:read"]},
    "revoked": {"revoked": True},
    "expired": {"expired": True},
    "elsewhere": {"ip_ranges": ["203.0.113.0/24"]},
    "slow": {"rate_max": 3},
}
Post = Callable[[str, bytes, Mapping[str, str]], Answer]
Count = Callable[[], tuple[int, ...]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Door:
    """A way in: how to post, the keys of a workspace, and what is stored of it."""

    post_bytes: Post
    stored: Count
    keys: Mapping[str, str]
    poor: str  # the key of a workspace without money

    def post(self, path: str, document: Any, *, key: str = "main", **headers: str) -> Answer:
        """POST a document, or bytes as they are."""
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        auth = {"Authorization": f"Bearer {self.keys[key]}", "Content-Type": "application/json"}
        return self.post_bytes(path, body, {**auth, **named})


@pytest.fixture(scope="session")
def gate(stack: Stack) -> Door:
    made, poor = stack.seed([{"make": "workspace", "keys": KEYS}, {"make": "workspace", "credit": 0}])
    workspace, wallet = made["id"], made["wallet"]

    def stored() -> tuple[int, ...]:
        tables = ("messaging_message", "messaging_body", "messaging_idempotency_key")
        counts = ", ".join(f"(SELECT count(*) FROM {t} WHERE workspace_id = '{UUID(workspace)}')" for t in tables)
        endpoints = f"(SELECT count(*) FROM messaging_webhook_endpoint WHERE workspace_id = '{UUID(workspace)}')"
        posted = f"(SELECT posted FROM ledger.account WHERE id = '{UUID(wallet)}')"
        return tuple(stack.rows(f"SELECT {counts}, {endpoints}, {posted}")[0])

    return Door(
        post_bytes=lambda path, body, headers: http(
            "POST", f"http://127.0.0.1:{stack.ports['web']}{path}", body, headers
        ),
        stored=stored,
        keys=made["keys"],
        poor=poor["keys"]["main"],
    )


@pytest.fixture(scope="session")
def views() -> Door:
    pages._carrier()
    made, poor = seeding.workspace(keys=KEYS), seeding.workspace(credit=0)
    workspace = UUID(made["id"])

    def post_bytes(path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        named = dict(headers)
        kind = named.pop("Content-Type", "application/json")
        client = Client(raise_request_exception=False)
        answer = client.generic("POST", path, body, content_type=kind, headers=named)
        return Answer(answer.status_code, {k.lower(): v for k, v in answer.headers.items()}, answer.content)

    def stored() -> tuple[int, ...]:
        with scope.workspace(workspace):
            counts = [model.objects.count() for model in (Message, IdempotencyKey, WebhookEndpoint)]
        posted = ledger.balance(workspace=workspace, currency="EUR", livemode=False).posted
        return (*counts, posted)

    return Door(post_bytes=post_bytes, stored=stored, keys=made["keys"], poor=poor["keys"]["main"])


@pytest.fixture(params=["gate", "views"])
def door(request: pytest.FixtureRequest) -> Iterator[Door]:
    """Both ways in; whatever a test does there, nothing may be stored or charged."""
    found: Door = request.getfixturevalue(request.param)
    before = found.stored()
    yield found
    assert found.stored() == before, "a refused request left something"


def refused(answer: Answer, status: int, code: str, *pointers: str) -> dict[str, Any]:
    """The answer is a complete problem document with this code, and its errors point at these fields."""
    assert answer.status == status, answer.body
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json
    assert (problem["code"], problem["status"]) == (code, status), problem
    assert problem["type"].endswith(f"/docs/errors/{code}")
    assert problem["title"] == CODES[code].title
    assert problem["detail"]
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert problem["instance"] == f"urn:request:{problem['request_id']}"
    assert SECRET not in answer.body.decode()
    errors = problem.get("errors", [])
    assert [error["pointer"] for error in errors] == list(pointers), errors
    assert all(error["detail"] and error["code"] in CODES for error in errors)
    return problem


# Bytes that are no document

NESTED = b'{"to":"+4915123456789","body":"x","metadata":' + b"[" * 100_000


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "invalid_json"),
        (b"{", 400, "invalid_json"),
        (b"\x00", 400, "invalid_json"),
        (b"{'to': 'x'}", 400, "invalid_json"),
        (b'{"to":"+4915123456789","body":"x",}', 400, "invalid_json"),
        (b'{"to":"+4915123456789","body":"x"} {}', 400, "invalid_json"),
        (b'{"to":"+4915123456789","body":"x","ttl":NaN}', 400, "invalid_json"),
        (b'{"to":"+4915123456789","body":"x","ttl":-Infinity}', 400, "invalid_json"),
        (b'{"to":"+4915123456789","body":"x","ttl":1e400}', 400, "invalid_json"),
        (b'{"to":"+4915123456789","body":"x","ttl":' + b"9" * 5000 + b"}", 400, "invalid_json"),
        (b'\xef\xbb\xbf{"to":"+4915123456789","body":"x"}', 400, "invalid_json"),
        (b'{"to":"+4915123456789","body":"\xff\xfe"}', 400, "invalid_json"),
        ('{"to":"+4915123456789","body":"x"}'.encode("utf-16"), 400, "invalid_json"),
        (b'{"to":"+4915123456789","body":"line\nbreak"}', 400, "invalid_json"),
        (NESTED, 413, "body_too_large"),
        (NESTED[:60_000], 400, "invalid_json"),
        (b"[" * 60_000, 400, "invalid_json"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, 400, "invalid_json"),
        (b'{"a":' * 2_000 + b"1" + b"}" * 2_000, 400, "invalid_json"),
        (b'{"to":"+4915123456789","to":"+4915123456780","body":"x"}', 400, "duplicate_key"),
        (b'{"to":"+4915123456789","t\\u006f":"+4915123456780","body":"x"}', 400, "duplicate_key"),
        (b'{"to":"+4915123456789","body":"x","metadata":{"a":"1","a":"2"}}', 400, "duplicate_key"),
        (b'{"to":"+4915123456789","body":"' + b"x" * 70_000 + b'"}', 413, "body_too_large"),
    ],
    ids=[
        "empty", "half", "zero byte", "single quotes", "trailing comma", "two values", "NaN", "Infinity", "1e400",
        "long number", "byte order mark", "no UTF-8", "UTF-16", "raw line break", "deep and large", "deep array in it",
        "deep array", "very deep object", "deep object", "name twice", "escaped name twice", "inner name twice",
        "70 KB",
    ],
)  # fmt: skip
def test_what_is_no_json_document_is_refused(door: Door, body: bytes, status: int, code: str) -> None:
    refused(door.post(ONE, body), status, code)


def test_a_compressed_document_is_refused(door: Door) -> None:
    problem = refused(door.post(ONE, gzip.compress(json.dumps(GOOD).encode()), Content_Encoding="gzip"), 415,
                      "unsupported_media_type")  # fmt: skip
    assert "Content-Encoding" in problem["detail"]


@pytest.mark.parametrize("head", ["Content-Length: 500", "Transfer-Encoding: chunked"])
def test_a_request_that_ends_before_its_body_does_is_not_carried_out(gate: Door, stack: Stack, head: str) -> None:
    before, body = gate.stored(), json.dumps(GOOD).encode()
    sent = b"%x\r\n%s\r\n" % (len(body), body) if "chunked" in head else body
    lines = (f"POST {ONE} HTTP/1.1", "Host: localhost", f"Authorization: Bearer {gate.keys['main']}", head, "", "")

    with socket.create_connection(("127.0.0.1", stack.ports["web"])) as caller:
        caller.sendall("\r\n".join(lines).encode() + sent)

    assert gate.post(ONE, b"{").status == 400  # a request after it, which waits for the same process
    assert gate.stored() == before


@pytest.mark.parametrize("value", [None, 5, "x", [], True, [GOOD]], ids=repr)
def test_a_document_that_is_no_object_is_refused(door: Door, value: Any) -> None:
    refused(door.post(ONE, value), 422, "wrong_type", "#")


# Fields

BAD_FIELDS: dict[str, tuple[dict[str, Any], str, str]] = {
    "number as number": ({"to": 4915123456789}, "wrong_type", "#/to"),
    "number null": ({"to": None}, "wrong_type", "#/to"),
    "numbers as list": ({"to": [TO]}, "wrong_type", "#/to"),
    "number with NUL": ({"to": TO + "\0"}, "not_e164", "#/to"),
    "text as number": ({"body": 5}, "wrong_type", "#/body"),
    "text as object": ({"body": {"a": SECRET}}, "wrong_type", "#/body"),
    "text empty": ({"body": ""}, "too_short", "#/body"),
    "text missing": ({"body": None}, "body_or_template", "#/body"),
    "text and template": ({"template": {"id": "tpl_x"}}, "body_or_template", "#/body"),
    "text of 10,000 characters": ({"body": SECRET + "x" * 10_000}, "too_many_parts", "#/body"),
    "text with NUL": ({"body": "a\0b"}, "control_character", "#/body"),
    "text with half a character": ({"body": "a\ud83cb"}, "lone_surrogate", "#/body"),
    "emoji as GSM-7": ({"body": "🎉", "encoding": "gsm7"}, "offending_characters", "#/body"),
    "unknown field": ({"sender": SECRET}, "unknown_field", "#/sender"),
    "unknown field with a slash": ({"a/b~c": 1}, "unknown_field", "#/a~1b~0c"),
    "unknown inner field": ({"privacy": {"forget": True}}, "unknown_field", "#/privacy/forget"),
    "unknown sender": ({"from": SECRET}, "invalid_sender", "#/from"),
    "rejected sender": ({"from": "REFUSED"}, "sender_not_approved", "#/from"),
    "sender as number": ({"from": 5}, "wrong_type", "#/from"),
    "unknown category": ({"category": "spam"}, "invalid_value", "#/category"),
    "unknown encoding": ({"encoding": "utf-8"}, "invalid_value", "#/encoding"),
    "flag as text": ({"smart_encoding": "yes"}, "wrong_type", "#/smart_encoding"),
    "no parts": ({"max_parts": 0}, "out_of_range", "#/max_parts"),
    "21 parts": ({"max_parts": 21}, "out_of_range", "#/max_parts"),
    "parts as text": ({"max_parts": "3"}, "wrong_type", "#/max_parts"),
    "half a part": ({"max_parts": 1.5}, "wrong_type", "#/max_parts"),
    "ttl too short": ({"ttl": 29}, "ttl_out_of_range", "#/ttl"),
    "ttl negative": ({"ttl": -1}, "ttl_out_of_range", "#/ttl"),
    "ttl beyond all time": ({"ttl": 10**18}, "ttl_out_of_range", "#/ttl"),
    "ttl of 90 digits": ({"ttl": 10**90}, "ttl_out_of_range", "#/ttl"),
    "ttl and end": ({"ttl": 60, "expires_at": "2020-01-01T00:00:00Z"}, "invalid_request", ""),
    "end without zone": ({"expires_at": "2099-01-01T00:00:00"}, "zone_missing", "#/expires_at"),
    "end of time": ({"expires_at": "9999-12-31T23:59:59Z"}, "ttl_out_of_range", "#/expires_at"),
    "end of time, west": ({"expires_at": "9999-12-31T23:59:59-12:00"}, "ttl_out_of_range", "#/expires_at"),
    "beginning of time, east": ({"expires_at": "0001-01-01T00:00:00+14:00"}, "ttl_out_of_range", "#/expires_at"),
    "end as words": ({"expires_at": "tomorrow"}, "invalid_value", "#/expires_at"),
    "send after a week": ({"send_at": "2099-01-01T00:00:00Z"}, "send_at_out_of_range", "#/send_at"),
    "send at the beginning": ({"send_at": "0001-01-01T00:00:00+14:00"}, "send_at_out_of_range", "#/send_at"),
    "send without zone": ({"send_at": "2026-01-01T00:00:00"}, "send_at_out_of_range", "#/send_at"),
    "send as number": ({"send_at": 1700000000}, "wrong_type", "#/send_at"),
    "price as number": ({"max_price": 0.5}, "wrong_type", "#/max_price"),
    "price as words": ({"max_price": SECRET}, "invalid_amount", "#/max_price"),
    "price NaN": ({"max_price": "NaN"}, "invalid_amount", "#/max_price"),
    "price signalling NaN": ({"max_price": "sNaN"}, "invalid_amount", "#/max_price"),
    "price infinite": ({"max_price": "Infinity"}, "invalid_amount", "#/max_price"),
    "price negative": ({"max_price": "-1"}, "invalid_amount", "#/max_price"),
    "price astronomic": ({"max_price": "1e999999"}, "invalid_amount", "#/max_price"),
    "price minute": ({"max_price": "1e-999999"}, "price_above_max", "#/max_price"),
    "price too low": ({"max_price": "0.001"}, "price_above_max", "#/max_price"),
    "reference empty": ({"reference": ""}, "too_short", "#/reference"),
    "reference too long": ({"reference": "x" * 129}, "too_long", "#/reference"),
    "reference with NUL": ({"reference": "a\0"}, "control_character", "#/reference"),
    "reference with ESC": ({"reference": "\x1b[2J"}, "control_character", "#/reference"),
    "metadata as list": ({"metadata": [SECRET]}, "wrong_type", "#/metadata"),
    "metadata of 21": ({"metadata": {f"k{n}": "v" for n in range(21)}}, "metadata_invalid", "#/metadata"),
    "metadata without name": ({"metadata": {"": "v"}}, "metadata_invalid", "#/metadata"),
    "metadata too long": ({"metadata": {"k": SECRET * 20}}, "metadata_invalid", "#/metadata"),
    "kept for 0 hours": ({"privacy": {"retain_hours": 0}}, "retain_hours_out_of_range", "#/privacy/retain_hours"),
    "kept for 25 hours": ({"privacy": {"retain_hours": 25}}, "retain_hours_out_of_range", "#/privacy/retain_hours"),
    "kept for ever": ({"privacy": {"retain_hours": 10**30}}, "retain_hours_out_of_range", "#/privacy/retain_hours"),
    "callback to a file": ({"status_callback": "file:///etc/passwd"}, "url_invalid", "#/status_callback"),
    "callback to the metadata service": (
        {"status_callback": "https://169.254.169.254/latest"}, "url_forbidden_address", "#/status_callback",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("fields", "code", "pointer"), BAD_FIELDS.values(), ids=BAD_FIELDS)
def test_a_bad_field_is_named(door: Door, fields: dict[str, Any], code: str, pointer: str) -> None:
    answer = door.post(ONE, GOOD | fields)

    pointers = ["#/ttl", "#/expires_at"] if code == "invalid_request" else [pointer]
    refused(answer, 422, code, *pointers)


def test_every_bad_field_is_named_at_once(door: Door) -> None:
    answer = door.post(
        ONE, {"to": "+49", "from": "nobody", "body": "", "ttl": 1, "reference": "\x07", "metadata": {"": ""}}
    )

    wanted = ("#/to", "#/from", "#/body", "#/ttl", "#/reference", "#/metadata")
    problem = answer.json
    assert (answer.status, problem["code"]) == (422, "invalid_request")
    assert {error["pointer"] for error in problem["errors"]} == set(wanted)


def test_a_missing_number_is_named(door: Door) -> None:
    refused(door.post(ONE, {"body": "x"}), 422, "required", "#/to")


@pytest.mark.parametrize(
    "number",
    [
        "", " ", "+", "0", "55512", "015123456789", "+49", "+49151", "+491512345678901234", "+999123456789", "00",
        "tel:+4915123456789", "+4915123456789;ext=1", "+٤٩١٥١٢٣٤٥٦٧٨٩", "+4915123456789\u202e",
        "+1 900 555 0100", "+49 900 1234567", "-4915123456789", "+4915123456789.5", "Mum", "'; DROP TABLE x; --",
        "+" * 1000, "9" * 10_000, "＋4915123456789",
    ],
    ids=lambda number: ascii(number[:20]),
)  # fmt: skip
def test_a_bad_number_is_refused_and_not_repeated(door: Door, number: str) -> None:
    answer = door.post(ONE, {"to": number, "body": SECRET})

    assert answer.status == 422, answer.body
    problem = refused(answer, 422, answer.json["code"], "#/to")
    assert len(number) < 4 or number not in json.dumps(problem)


# Who asks


@pytest.mark.parametrize("path", [ONE, BATCH])
@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("", "missing_key"),
        ("Basic dXNlcjpwYXNz", "invalid_key"),
        ("Bearer", "invalid_key"),
        ("Bearer x", "invalid_key"),
        ("Bearer sk_test_" + "A" * 43, "invalid_key"),
        ("Bearer sk_test_\xe4\xf6\xfc", "invalid_key"),
        ("Bearer sk_live_" + "A" * 5000, "invalid_key"),
    ],
    ids=["none", "basic", "empty", "short", "unknown", "not ASCII", "long"],
)
def test_without_a_known_key_nothing_is_read(door: Door, path: str, header: str, code: str) -> None:
    headers = {"Content-Type": "application/json"} | ({"Authorization": header} if header else {})

    answer = door.post_bytes(path, b"not even JSON", headers)

    refused(answer, 401, code)
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("path", [ONE, BATCH])
@pytest.mark.parametrize(
    ("key", "status", "code"),
    [
        ("revoked", 401, "revoked_key"),
        ("expired", 401, "expired_key"),
        ("elsewhere", 403, "ip_not_allowed"),
        ("read", 403, "missing_scope"),
    ],
)
def test_a_key_that_may_not_send_does_not(door: Door, path: str, key: str, status: int, code: str) -> None:
    document = GOOD if path == ONE else {"messages": [GOOD]}

    refused(door.post(path, document, key=key), status, code)


def test_an_empty_wallet_is_named(door: Door) -> None:
    headers = {"Authorization": f"Bearer {door.poor}", "Content-Type": "application/json"}

    refused(door.post_bytes(ONE, json.dumps(GOOD).encode(), headers), 402, "insufficient_balance")


def test_a_batch_without_money_refuses_each_message(door: Door) -> None:
    headers = {"Authorization": f"Bearer {door.poor}", "Content-Type": "application/json"}

    answer = door.post_bytes(BATCH, json.dumps({"messages": [GOOD, GOOD]}).encode(), headers)

    assert answer.status == 422
    assert [result["code"] for result in answer.json["results"]] == ["insufficient_balance"] * 2


@pytest.mark.promise("otp-18", "api-25")
def test_more_than_the_rate_of_a_key_is_refused_with_a_time_to_wait(door: Door) -> None:
    # Of the bad documents: they are counted, and none is stored.
    answers = [door.post(ONE, {"to": "+49", "body": "x"}, key="slow") for _ in range(12)]

    limited = [answer for answer in answers if answer.status == 429]
    assert limited
    refused(limited[0], 429, "rate_limited")
    assert int(limited[0].headers["retry-after"]) >= 1
    assert "r=" in limited[0].headers["ratelimit"]


# Idempotency


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb", "ä" * 300], ids=["empty", "long", "tab", "not ASCII"])
def test_a_bad_idempotency_key_is_refused(door: Door, key: str) -> None:
    refused(door.post(ONE, GOOD, Idempotency_Key=key), 422, "invalid_idempotency_key")


@pytest.mark.parametrize("name", ["gate", "views"])
def test_a_key_used_again_with_another_document_makes_nothing(request: pytest.FixtureRequest, name: str) -> None:
    door: Door = request.getfixturevalue(name)
    key = uuid4().hex
    first = door.post(ONE, GOOD, Idempotency_Key=key)
    before = door.stored()

    answer = door.post(ONE, GOOD | {"body": "something else"}, Idempotency_Key=key)
    again = door.post(ONE, GOOD, Idempotency_Key=key)

    assert first.status == 202
    refused(answer, 422, "idempotency_key_reused")
    assert (again.status, again.json["id"]) == (202, first.json["id"])
    assert door.stored() == before


def test_a_refused_request_leaves_its_key_free(door: Door) -> None:
    key = uuid4().hex

    refused(door.post(ONE, {"to": "+49", "body": "x"}, Idempotency_Key=key), 422, "too_short", "#/to")
    refused(door.post(ONE, {"to": TO, "body": ""}, Idempotency_Key=key), 422, "too_short", "#/body")


# Batches


@pytest.mark.parametrize(
    ("document", "status", "code", "pointer"),
    [
        ([], 422, "wrong_type", "#"),
        ({}, 422, "required", "#/messages"),
        ({"messages": None}, 422, "required", "#/messages"),
        ({"messages": {}}, 422, "wrong_type", "#/messages"),
        ({"messages": "x"}, 422, "wrong_type", "#/messages"),
        ({"messages": []}, 422, "batch_empty", "#/messages"),
        ({"messages": [GOOD] * 1001}, 422, "batch_too_large", "#/messages"),
        ({"messages": [GOOD], "dry_run": True}, 422, "unknown_field", "#/dry_run"),
    ],
    ids=["list", "empty", "null", "object", "text", "no messages", "1,001", "unknown field"],
)
def test_a_bad_batch_is_refused_as_a_whole(door: Door, document: Any, status: int, code: str, pointer: str) -> None:
    refused(door.post(BATCH, document), status, code, pointer)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"messages":[' + b"[" * 100_000, "invalid_json"),
        (b'{"messages":[{"to":"+4915123456789","to":"+4915123456780","body":"x"}]}', "duplicate_key"),
        (b'{"messages":[{"to":"+4915123456789","body":"x","ttl":NaN}]}', "invalid_json"),
    ],
    ids=["deep", "name twice", "NaN"],
)
def test_a_batch_that_is_no_json_is_refused_as_a_whole(door: Door, body: bytes, code: str) -> None:
    refused(door.post(BATCH, body), 400, code)


@pytest.mark.promise("otp-18")
def test_a_batch_beyond_four_megabytes_is_refused(door: Door) -> None:
    refused(door.post(BATCH, b'{"messages":["' + b"x" * 4_300_000 + b'"]}'), 413, "body_too_large")


def test_a_batch_of_bad_messages_says_what_is_wrong_with_each(door: Door) -> None:
    items: list[Any] = [
        5,
        None,
        "x",
        [],
        {},
        {"to": "+49", "body": SECRET},
        GOOD | {"body": ""},
        GOOD | {"spam": SECRET},
    ]

    answer = door.post(BATCH, {"messages": items})

    assert answer.status == 422
    assert (answer.json["accepted"], answer.json["refused"]) == (0, len(items))
    results = answer.json["results"]
    assert [result["object"] for result in results] == ["refusal"] * len(items)
    assert all(result["detail"] and result["code"] in CODES and result["errors"] for result in results)
    assert results[5]["errors"][0]["pointer"].endswith("/to")
    assert SECRET not in answer.body.decode()


# Webhook addresses

HOSTILE = [
    "", " ", "x", "javascript:alert(1)", "file:///etc/passwd", "gopher://example.org/", "//example.org/", "https://",
    "https:///x", "https://user:pass@example.org/", "https://example.org:22/", "https://example.org:99999/",
    "http://example.org/", "https://printer.local/", "https://127.1/", "https://2130706433/", "https://0x7f000001/",
    "https://0/", "https://[::]/", "https://[::ffff:127.0.0.1]/", "https://[64:ff9b::7f00:1]/", "https://10.0.0.1/",
    "https://172.16.0.1/", "https://192.168.1.1/", "https://100.64.0.1/", "https://169.254.169.254/latest/meta-data/",
    "https://[fe80::1]/", "https://[fd00::1]/", "https://224.0.0.1/", "https://metadata.google.internal/",
    "https://intranet/", "https://example.org\\@127.0.0.1/", "https://example.org#@127.0.0.1/\n",
    "https://exa mple.org/", "https://example.org/\x00", "https://ex\u0430mple.org/",
    "https://example.org/" + "x" * 3000,
]  # fmt: skip


@pytest.mark.parametrize("url", HOSTILE, ids=lambda url: ascii(url[:40]))
def test_a_hostile_webhook_address_is_refused(door: Door, url: str) -> None:
    answer = door.post(HOOKS, {"url": url})

    assert answer.status == 422, answer.body
    problem = refused(answer, 422, answer.json["code"], "#/url")
    assert len(url) < 12 or url not in json.dumps(problem)


@pytest.mark.parametrize(
    ("fields", "code", "pointer"),
    [
        ({"url": 5}, "wrong_type", "#/url"),
        ({"types": ["message.read"]}, "unknown_event_type", "#/types/0"),
        ({"types": "message.delivered"}, "wrong_type", "#/types"),
        ({"content": "everything"}, "invalid_value", "#/content"),
        ({"secret": SECRET}, "unknown_field", "#/secret"),
    ],
    ids=["number", "unknown type", "types as text", "unknown content", "secret"],
)
def test_a_bad_field_of_an_endpoint_is_named(door: Door, fields: dict[str, Any], code: str, pointer: str) -> None:
    answer = door.post(HOOKS, {"url": "https://example.org/hook", **fields})

    refused(answer, 422, code, pointer)
