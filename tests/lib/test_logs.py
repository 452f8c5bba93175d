import io
import json
import logging
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import celery.signals
import pytest
import structlog
from django.db import DatabaseError, connections
from django.http import HttpRequest
from hypothesis import given
from hypothesis import strategies as st

from smsplatform.lib import ids, logs

Lines = Callable[[], list[dict[str, Any]]]

PLANTED = {
    "number": "+31612345678",
    "grouped number": "+31 6 1234 56-78",
    "national number": "06 12 34 56 78",
    "digits": "31612345678",
    "quoted number": "%2B31612345678",
    "email": "jo.doe+sms@mail.example.com",
    "address": "203.0.113.77",
    "address 6": "2001:db8:85a3::8a2e:370:7334",
    "full address 6": "2001:db8:85a3:1:2:8a2e:370:7334",
    "live key": "sk_live_51HxPlanted_key-0",
    "test key": "sk_test_PlantedTestKey",
    "webhook secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "webhook key": "whsk_6Xb/dCcHpPea21PS1N9VY+planted==",
    "bearer": "Bearer abc.def-ghi_jkl",
    "jwt": "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "broker password": "redis://worker:hunter2planted@broker:6379/0",
}


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lines]:
    """Configures logging onto a buffer; the function returns the parsed lines written so far."""
    root = logging.getLogger()
    handlers, level, hook, show = root.handlers[:], root.level, threading.excepthook, warnings.showwarning
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    logs.configure({"level": "INFO"})
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logging.captureWarnings(False)
    root.handlers, warnings.showwarning, threading.excepthook = handlers, show, hook
    root.setLevel(level)


def marker_of(text: str) -> str:
    """The part of a planted text that must not survive."""
    return "hunter2planted" if "hunter2" in text else text.removeprefix("Bearer ")


@pytest.mark.promise("duty-02", "duty-03", "team-09", "fleet-14")
@pytest.mark.parametrize("planted", PLANTED.values(), ids=PLANTED)
def test_a_planted_marker_survives_on_no_way_into_the_log(lines: Lines, planted: str) -> None:
    log, bound = logging.getLogger("planted"), structlog.get_logger("planted")

    log.warning(planted)
    log.warning("text with %s inside", planted)
    log.warning("extra", extra={"note": planted, "deep": {"list": [planted], planted: 1}})
    log.warning("object", extra={"thing": type("Thing", (), {"__repr__": lambda self: planted})()})
    bound.warning("bound", note=planted, deep=[{"x": planted}])
    bound.warning(planted)
    try:
        try:
            raise KeyError(planted)
        except KeyError as cause:
            raise RuntimeError(f"because of {planted}") from cause
    except RuntimeError as error:
        log.exception("failed with %s", error)
        log.error(error)
        bound.exception("failed", error=error)
    with structlog.contextvars.bound_contextvars(context=planted):
        log.warning("context")

    written = json.dumps(lines(), ensure_ascii=False)
    assert len(lines()) == 10
    assert marker_of(planted) not in written


def test_a_line_has_time_level_logger_event_and_the_request_id(lines: Lines) -> None:
    with structlog.contextvars.bound_contextvars(request_id="req_x"):
        logging.getLogger("app.part").info("accepted", extra={"parts": 2})
        structlog.get_logger("app.other").info("accepted", parts=3)

    first, second = lines()
    assert first.pop("time").endswith("+00:00")
    assert first == {"level": "info", "logger": "app.part", "event": "accepted", "request_id": "req_x", "parts": 2}
    assert (second["logger"], second["parts"], second["request_id"]) == ("app.other", 3, "req_x")


def test_line_breaks_in_a_text_cannot_forge_a_line(lines: Lines) -> None:
    logging.getLogger("x").info('a\r\n{"level":"critical"}\x1b[31m\u2028')

    assert [line["level"] for line in lines()] == ["info"]


def test_half_characters_and_bytes_can_be_logged(lines: Lines) -> None:
    logging.getLogger("x").info("a\ud800b", extra={"raw": b"\xff"})

    assert [(line["event"], line["raw"]) for line in lines()] == [("a\\ud800b", "<bytes>")]


def test_a_wrong_format_string_still_leaves_a_line() -> None:
    record = logging.getLogger("x").makeRecord("x", logging.INFO, "f", 1, "%d of %s", ("+31612345678",), None)

    line = logs.Formatter().format(record)

    assert json.loads(line)["event"] == "log_line_failed"
    assert "31612345678" not in line


def test_values_under_telling_names_are_never_shown(lines: Lines) -> None:
    logging.getLogger("x").info("sent", extra={"to": "Jo", "body": "hi", "deep": {"password": "pw", "kept": "yes"}})

    (line,) = lines()
    assert (line["to"], line["body"]) == (logs.REDACTED, logs.REDACTED)
    assert line["deep"] == {"password": logs.REDACTED, "kept": "yes"}


def test_a_number_given_as_integer_is_redacted_but_quantities_are_not(lines: Lines) -> None:
    logging.getLogger("x").info(
        "n", extra={"count": 5, "who": 31612345678, "price_micro": 71_000_000, "size_bytes": 10**9}
    )

    (line,) = lines()
    assert (line["count"], line["who"], line["price_micro"], line["size_bytes"]) == (5, "[number]", 71_000_000, 10**9)


def test_ids_dates_and_versions_stay_readable() -> None:
    texts = [
        ids.encode(ids.MESSAGE, ids.uuid7()),
        str(ids.uuid7()),
        "550e8400-e29b-41d4-a716-446655440000",
        "2026-03-01T12:30:15.123456+01:00",
        "2026-03-01 12:30:15",
        "at 12:30:15",
        "9.0.43",
        "tests/x.py::test_y",
        "messaging.submission.drain",
        "SQLSTATE 23505",
        "150 of 1000 in 12.345 s",
    ]

    assert [logs.redact(text) for text in texts] == texts


@given(st.integers(10**6, 10**15), st.sampled_from(["+", "", "00", "tel:", "x", "to=", "+ "]))
def test_any_run_of_seven_digits_or_more_is_redacted(number: int, before: str) -> None:
    assert str(number) not in logs.redact(f"{before}{number}")
    assert str(number) not in logs.redact(f"before {before}{number} after")


def test_a_long_text_is_cut_and_hostile_ones_cost_milliseconds_only() -> None:
    assert len(logs.redact("x" * 100_000)) <= logs.TEXT_MAX + 1
    for hostile in ("1 " * 5000, "a:" * 5000, "1." * 5000, "@" * 5000, "://" + "x" * 5000, "+1 (" * 2000):
        logs.redact(hostile)


def test_a_database_error_shows_its_code_and_constraint_but_not_the_row(lines: Lines) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE log_rows (email text CONSTRAINT one_email UNIQUE)")
        try:
            cursor.execute("INSERT INTO log_rows VALUES ('Jo Planted')")
            cursor.execute("INSERT INTO log_rows VALUES ('Jo Planted')")
        except DatabaseError as error:
            logging.getLogger("x").exception("failed: %s", error)
        finally:
            cursor.execute("DROP TABLE log_rows")

    (line,) = lines()
    assert line["event"] == "failed: UniqueViolation SQLSTATE 23505 constraint one_email"
    assert "Planted" not in json.dumps(line)
    assert line["exception"][0]["error"] == "UniqueViolation SQLSTATE 23505 constraint one_email"


@pytest.mark.promise("duty-03", "fleet-14")
def test_an_exception_is_a_chain_of_frames_without_values(lines: Lines) -> None:
    planted_local = "+31612345678"
    try:
        int(planted_local + "x")
    except ValueError:
        logging.getLogger("x").exception("failed")

    (line,) = lines()
    (link,) = line["exception"]
    assert link["error"].startswith("ValueError: ")
    assert any("test_an_exception_is_a_chain" in frame for frame in link["frames"])
    assert "31612345678" not in json.dumps(line)


@pytest.mark.promise("duty-02")
def test_a_request_error_of_django_shows_the_route_and_not_the_address(lines: Lines) -> None:
    request = HttpRequest()
    request.method, request.path = "GET", "/v1/lookups/Jo-Planted"
    request.resolver_match = type("Match", (), {"route": "v1/lookups/<number>"})()

    logging.getLogger("django.request").warning(
        "%s: %s", "Not Found", request.path, extra={"status_code": 404, "request": request}
    )

    (line,) = lines()
    assert (line["event"], line["route"], line["method"]) == ("Not Found", "v1/lookups/<number>", "GET")
    assert "Planted" not in json.dumps(line)


def test_loggers_of_the_servers_write_json_and_access_lines_are_off(lines: Lines) -> None:
    for name in ("uvicorn.error", "celery.worker", "django.request", "kombu"):
        logging.getLogger(name).warning("hello")
    for name in ("uvicorn.access", "aiohttp.access", "django.server"):
        logging.getLogger(name).info('203.0.113.7 - "GET /x HTTP/1.1" 200')

    assert [line["event"] for line in lines()] == ["hello"] * 4
    assert celery.signals.setup_logging.receivers


def test_warnings_and_dying_threads_write_json(lines: Lines) -> None:
    def die() -> None:
        raise RuntimeError("call +31612345678")

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn("careful +31612345678", stacklevel=1)
    # pytest watches threads of its own accord, so the hook is called the way threading calls it.
    try:
        die()
    except RuntimeError as error:
        threading.excepthook(threading.ExceptHookArgs((RuntimeError, error, error.__traceback__, None)))

    assert [line["logger"] for line in lines()] == ["py.warnings", "threading"]
    assert "31612345678" not in json.dumps(lines())
