"""Planted markers: after a complete journey, what is personal or secret is in no log, no broker, no cache, no table.

The scanners are shown to work on controls planted beside; what they look at is read as the superuser, as raw files, and
as everything that Valkey was ever told.
"""

import base64
import datetime as dt
import re
import secrets
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest
import redis

from smsplatform.lib import clock, ids
from tests.factories import words
from tests.flows.conftest import Customer, number
from tests.flows.stack import Stack, free_port, http, until

BASE64 = re.compile(rb"[A-Za-z0-9+/]{16,}={0,2}")
CONTROL = f"control{secrets.token_hex(8)}"


class Monitor(threading.Thread):
    """Everything that Valkey is told, as it comes."""

    def __init__(self, socket: Path) -> None:
        super().__init__(name="monitor", daemon=True)
        self._client = redis.Redis(unix_socket_path=str(socket))
        self.heard: list[bytes] = []
        self.start()

    def run(self) -> None:
        try:
            with self._client.monitor() as monitor:  # type: ignore[no-untyped-call]  # redis has no types there
                for command in monitor.listen():
                    self.heard.append(str(command["command"]).encode())
        except (redis.RedisError, OSError, ValueError):
            return  # the server ended, and the test with it


class Trace:
    """What was planted, what heard it, and where it all happened."""

    def __init__(self, stack: Stack, customer: Customer, planted: dict[str, str], message: UUID) -> None:
        self.stack, self.customer, self.planted, self.message = stack, customer, planted, message
        self.monitor: Monitor | None = None

    def found(self, haystack: bytes) -> list[str]:
        """The names of the markers in ``haystack``; not their text, which would end up in a log."""
        return sorted(words.names_in(haystack, self.planted))


@pytest.fixture(scope="module")
def trace() -> Iterator[Trace]:
    """A journey with everything in it, on a stack of its own."""
    word = words.word()
    planted = {
        "text": f"zebra{word}",
        "number": number("151"),  # as it is written without country code
        "reference": f"reference{word}",
        "metadata": f"metadata{word}",
        "webhook path": f"hook{word}",
        "dead webhook path": f"dead{word}",
        "e-mail": f"owner{word}@example.org",
        "idempotency key": f"idem{word}",
        "template text": f"template{word}",
        "refused text": f"refused{word}",
        "broken JSON": f"broken{word}",
        "wrong password": f"password{word}",
    }
    with Stack() as stack:
        monitor = Monitor(stack.valkey.socket)
        made = stack.workspace(email=planted["e-mail"])
        customer = Customer(
            stack=stack, workspace=UUID(made["id"]), wallet=UUID(made["wallet"]), key=made["keys"]["main"]
        )
        planted |= {"key": customer.key.removeprefix("sk_test_")}
        message = journey(stack, customer, planted)
        found = Trace(stack, customer, planted, message)
        found.monitor = monitor
        yield found


def journey(stack: Stack, customer: Customer, planted: dict[str, str]) -> UUID:
    """Every way in and out that could leave a trace, refusals and failures included."""
    to = "+49" + planted["number"]
    path = f"/{planted['webhook path']}"
    stack.sink("answers", {path: [500]})
    types = ["message.queued", "message.submitted", "message.delivered"]
    endpoint = stack.endpoint(customer.key, path, types=types, content="full")
    planted["webhook secret"] = endpoint["secret"].removeprefix("whsec_")
    dead = {"url": f"http://127.0.0.1:{free_port()}/{planted['dead webhook path']}", "types": types}
    assert customer.post("/v1/webhook_endpoints", dead).status == 201
    template = customer.post(
        "/v1/templates", {"name": "t", "text": planted["template text"] + " {{code}}", "code_digits": 10}
    ).json
    document = {
        "to": to,
        "body": f"{planted['text']} is here, {'and more ' * 30}",
        "reference": planted["reference"],
        "metadata": {"name": planted["metadata"]},
    }
    answer = customer.post("/v1/messages", document, Idempotency_Key=planted["idempotency key"])
    assert answer.status == 202, answer.body
    sent = answer.json
    customer.post("/v1/messages", document, Idempotency_Key=planted["idempotency key"])
    customer.final(sent["id"])
    customer.told(sent["id"], "message.delivered")
    refusals(customer, planted, to)
    code = until("the template", lambda: with_code(customer, to, template["id"]), every=0.5) or {}
    planted["code"] = code["code"]
    customer.final(code["id"])
    customer.post("/v1/messages/search", {"to": to})
    customer.post("/v1/messages/search", {"reference": planted["reference"]})
    customer.post("/v1/suppressions", {"to": to, "reason": "opt_out"})
    sign_in(stack, planted)
    stack.control("POST", "/drop")
    until("the session back", lambda: stack.bound("alpha"))
    time.sleep(1)
    return ids.decode(ids.MESSAGE, sent["id"])


def with_code(customer: Customer, to: str, template: str) -> dict[str, str] | None:
    answer = customer.post("/v1/messages", {"to": to, "template": {"id": template}, "category": "otp"})
    found: dict[str, str] | None = answer.json if answer.status == 202 else None
    return found


def refusals(customer: Customer, planted: dict[str, str], to: str) -> None:
    """Requests that are refused, each with a marker in it."""
    document = {"to": to, "body": planted["refused text"], planted["refused text"]: 1}
    assert customer.post("/v1/messages", document).status == 422
    assert customer.post("/v1/messages/batch", {"messages": [document]}).status == 422
    assert customer.post("/v1/webhook_endpoints", {"url": f"https://10.0.0.1/{planted['refused text']}"}).status == 422
    broken = f'{{"to": "{to}", "body": "{planted["broken JSON"]}'.encode()
    headers = {"Authorization": f"Bearer {customer.key}", "Content-Type": "application/json"}
    web = f"http://127.0.0.1:{customer.stack.ports['web']}"
    for path in ("/v1/messages", "/v1/messages/batch", "/v1/templates", f"/v1/{planted['broken JSON']}"):
        assert raw(web + path, broken, headers) >= 400


def raw(url: str, body: bytes, headers: dict[str, str]) -> int:
    return http("POST", url, body, headers).status


def sign_in(stack: Stack, planted: dict[str, str]) -> None:
    """A person who mistypes the password."""
    page = f"http://127.0.0.1:{stack.ports['web']}/sign-in"
    form = http("GET", page)
    assert form.status == 200
    cookie = form.headers.get("set-cookie", "").partition(";")[0]
    found = re.search(rb'name="csrfmiddlewaretoken" value="([^"]+)"', form.body)
    assert found
    fields = {
        "csrfmiddlewaretoken": found[1].decode(),
        "email": planted["e-mail"],
        "password": planted["wrong password"],
    }
    headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded", "Referer": page}
    answer = http("POST", page, urllib.parse.urlencode(fields).encode(), headers)
    assert answer.status in (200, 401, 422), answer.status


@pytest.mark.promise("duty-02", "team-09", "duty-04")
def test_no_log_holds_a_marker(trace: Trace) -> None:
    for file in (trace.stack.directory / "logs").iterdir():
        assert trace.found(file.read_bytes()) == [], file.name


def test_no_file_of_the_run_directory_holds_a_marker(trace: Trace) -> None:
    """Neither schedules nor keys nor caches; mails are letters to people and stay out."""
    sink = trace.stack.sink_file
    own = [sink, sink.with_suffix(".secrets"), trace.stack.directory / "mail"]
    for file in trace.stack.directory.rglob("*"):
        inside = file.is_file() and not any(file.is_relative_to(one) for one in own)
        if inside and "cluster" not in file.relative_to(trace.stack.directory).parts:
            assert trace.found(file.read_bytes()) == [], file.name


@pytest.mark.promise("duty-01", "transit-24")
def test_valkey_never_heard_a_marker(trace: Trace) -> None:
    assert trace.monitor is not None
    heard = b"\n".join(trace.monitor.heard)
    unpacked = b"\n".join(base64.b64decode(part + b"==") for part in BASE64.findall(heard))

    assert b"messaging.submission.drain" in heard, "the monitor heard nothing"
    assert b"carrier" in unpacked, "task arguments were not unpacked"
    assert trace.found(heard) == []
    assert trace.found(unpacked) == []


def test_no_key_or_value_in_valkey_holds_a_marker(trace: Trace) -> None:
    for database in range(4):
        client = redis.Redis(unix_socket_path=str(trace.stack.valkey.socket), db=database)
        for key in client.scan_iter(count=1000):
            assert trace.found(key) == []
            assert trace.found(value_of(client, key)) == [], key


def value_of(client: "redis.Redis", key: bytes) -> bytes:
    """A value of any type, written out."""
    read: dict[bytes, Callable[[], object]] = {
        b"string": lambda: client.get(key),
        b"list": lambda: client.lrange(key, 0, -1),
        b"set": lambda: client.smembers(key),
        b"zset": lambda: client.zrange(key, 0, -1),
        b"hash": lambda: client.hgetall(key),
    }
    kind = client.type(key)
    assert isinstance(kind, bytes)
    return repr(read[kind]()).encode() if kind in read else b""


@pytest.mark.promise("transit-24")
@pytest.mark.parametrize("database", ["main", "keystore"])
def test_no_cell_of_any_table_holds_a_marker(trace: Trace, database: str) -> None:
    with trace.stack.superuser(database) as connection:
        connection.execute(f"CREATE TABLE marker_control AS SELECT '{CONTROL}' AS t, '{CONTROL}'::bytea AS b")
        tables = connection.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname <> 'information_schema'"
        ).fetchall()
        dumps: dict[str, bytes] = {}
        for (table,) in tables:
            with connection.cursor().copy(f"COPY (SELECT * FROM {table}) TO STDOUT") as copy:
                dumps[table] = b"".join(copy)
        connection.execute("DROP TABLE marker_control")

    control = dumps.pop("public.marker_control")
    assert all(form in control for form in words.forms(CONTROL)[:2]), "the scanner does not see what is there"
    assert len(dumps) > 5
    for table, dump in dumps.items():
        assert trace.found(dump) == [], table


@pytest.mark.promise("transit-95")
def test_no_file_of_the_database_holds_a_marker(trace: Trace) -> None:
    """Pages and the write-ahead log, below everything that SQL could hide."""
    with trace.stack.superuser() as connection:
        connection.execute("CHECKPOINT")
    files = [file for file in trace.stack.cluster.data.rglob("*") if file.is_file()]

    assert any(b"messaging_message" in file.read_bytes() for file in files), "the scanner reads no pages"
    for file in files:
        assert trace.found(file.read_bytes()) == [], file.name


@pytest.mark.promise("transit-22", "fleet-09")
def test_bodies_are_gone_when_their_day_is_over(trace: Trace) -> None:
    """Refused on read at the minute; then, by the purge, key and partition gone. Status and price stay."""
    reference = ids.encode(ids.MESSAGE, trace.message)
    before = trace.customer.message(reference)
    assert before["body"].startswith(trace.planted["text"])
    expires_on = dt.datetime.fromisoformat(before["redact_at"]).date()

    late = (clock.now() + dt.timedelta(hours=24, seconds=30)).isoformat()
    seen = trace.stack.python(f"""
import datetime as dt
from uuid import UUID
from messaging import presenting
from messaging.models import Message
from smsplatform.lib.tenancy import scope
with scope.workspace(UUID("{trace.customer.workspace}")):
    message = Message.objects.with_state().get(id=UUID("{trace.message}"))
    print(presenting.of_row(message, at=dt.datetime.fromisoformat("{late}"))["body"])
""")
    assert seen.strip() == "None"

    tomorrow = (clock.now() + dt.timedelta(days=2)).isoformat()
    errors = trace.stack.python(f"""
import datetime as dt
from privacy import retention
print([run.error for run in retention.purge(at=dt.datetime.fromisoformat("{tomorrow}")) if run.error])
""")
    after = trace.customer.message(reference)
    assert errors.strip() == "[]"
    assert trace.stack.value("SELECT count(*) FROM messaging_body") == 0
    assert trace.stack.value("SELECT to_regclass(%s)", [f"messaging_body_{expires_on:%Y%m%d}"]) is None
    keys = "SELECT count(*) FROM keystore_key WHERE bucket_on <= %s"
    assert trace.stack.rows(keys, [expires_on], database="keystore")[0][0] == 0
    assert (after["body"], after["status"], after["price"]) == (None, "delivered", before["price"])
