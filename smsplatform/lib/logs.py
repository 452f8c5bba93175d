"""Logs as JSON lines on standard error, without personal data.

Everything that logs goes through one handler: structlog, the standard library, Django, Celery, uvicorn, warnings and
uncaught exceptions of threads. The last step before a line is written redacts every text in it, exception messages
included: phone numbers, e-mail and network addresses, secrets, long runs of digits. Values under telling names
(``to``, ``body``, ``password``) and objects other than plain values never get that far. Requests appear as the
template of their route, database errors as SQLSTATE and constraint: PostgreSQL's own messages quote the row.

This is the second line of defence. The first is not to log such things.
"""

import datetime as dt
import logging
import re
import sys
import threading
import traceback
from collections.abc import Mapping
from types import TracebackType
from typing import Any
from uuid import UUID

import celery.signals
import django.db
import msgspec
import psycopg
import structlog

TEXT_MAX = 2000
FRAMES_MAX = 25
REDACTED = "[redacted]"

# Alternatives are tried in this order at every position: what is kept comes first and thereby protects its digits.
_PATTERN = re.compile(
    r"""
      (?P<keep>
          (?<![0-9A-Za-z]) [0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12} (?![0-9A-Za-z])      # UUID
        | (?<![0-9A-Za-z]) [a-z]{3}_[0-7][0-9a-hjkmnp-tv-z]{25} (?![0-9A-Za-z])             # public id
        | (?<![0-9]) [12][0-9]{3}-[01][0-9]-[0-3][0-9]                                      # date, perhaps with time
          (?: [T\ ] [0-2][0-9]:[0-5][0-9] (?: :[0-6][0-9] (?: \.[0-9]{1,9})? )? (?: Z | [+-][0-2][0-9]:?[0-5][0-9] )? )?
          (?![0-9])
      )
    | (?P<secret>
          (?<![0-9A-Za-z]) (?: [srp]k_(?:live|test)_ | wh(?:sec|sk)_ ) [^\s"'&,;<>]*
        | \b (?i: bearer | basic | code ) [ ]+ [A-Za-z0-9+/=_.~-]{8,}
        | \b eyJ [A-Za-z0-9_-]+ \. [A-Za-z0-9_-]+ \. [A-Za-z0-9_-]*                         # JWT
        | (?<=://) [^\s/@"']+ (?=@)                                                         # user and password in a URL
      )
    | (?P<email> [^\s@"'<>()\[\],;:=]{1,64} @ [^\s@"'<>()\[\],;:/?]{1,255} )
    | (?P<ip>
          (?<![\w.]) (?: [0-9]{1,3} \. ){3} [0-9]{1,3} (?![\w.]*[\w])
        | (?<![\w:.]) (?: [0-9a-fA-F]{1,4} : ){7} [0-9a-fA-F]{1,4} (?![\w:])
        | (?<![\w:.]) (?: [0-9a-fA-F]{1,4} (?: : [0-9a-fA-F]{1,4} ){0,6} )? ::
          (?: [0-9a-fA-F]{1,4} (?: : [0-9a-fA-F]{1,4} ){0,6} )? (?: [:.] [0-9.]+ )? (?![\w:])
      )
    | (?P<number>
          (?: \+ | %2[Bb] ) [0-9] (?: [\ .()/\u00a0-]{0,2} [0-9] ){5,}                      # +, then a number
        | [0-9] (?: [\ .()/\u00a0-]{0,2} [0-9] ){8,}                                        # nine, perhaps grouped
        | [0-9]{7,}                                                                         # a run of seven
      )
    """,
    re.VERBOSE,
)
# Values under these names are never shown, whatever they look like.
_NAMES = frozenset(
    {
        "to",
        "from",
        "from_",
        "sender_text",
        "recipient",
        "number",
        "msisdn",
        "phone",
        "body",
        "text",
        "content",
        "password",
        "secret",
        "token",
        "authorization",
        "cookie",
        "cookies",
        "headers",
        "email",
        "e_mail",
        "mail",
        "address",
        "ip",
        "remote_addr",
        "query",
        "query_string",
        "path",
        "url",
    }
)
# Large integers under these endings are quantities.
_QUANTITIES = ("_micro", "_ns", "_us", "_ms", "_bytes", "_count", "_seconds", "count", "bytes", "pid", "lineno")
_INT_MAX = 10**7
_LINE_BREAKS = dict.fromkeys((0x85, 0x2028, 0x2029), " ")
_STANDARD = frozenset({*logging.makeLogRecord({}).__dict__, "message", "asctime", "taskName", "color_message", "data"})
_DJANGO_REQUESTS = ("django.request", "django.security")
_QUIET = {  # loggers whose ordinary lines carry URLs, addresses or SQL, or say nothing
    "uvicorn.access": logging.ERROR,
    "aiohttp.access": logging.ERROR,
    "django.server": logging.ERROR,
    "django.db.backends": logging.INFO,
    "django.template": logging.INFO,
    "celery.app.trace": logging.WARNING,
    "celery.worker.strategy": logging.WARNING,
    "celery.beat": logging.WARNING,
    "asyncio": logging.INFO,
}


def configure(options: Mapping[str, Any]) -> None:
    """Django's ``LOGGING_CONFIG``; ``options`` is ``{"level": "INFO"}``. May be called again."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Formatter())
    root = logging.getLogger()
    # Handlers of test runners and the like stay; ours from an earlier call and plain ones go.
    root.handlers = [known for known in root.handlers if type(known) is not logging.StreamHandler]
    root.addHandler(handler)
    root.setLevel(options.get("level", "INFO"))
    for name, level in _QUIET.items():
        logging.getLogger(name).setLevel(level)
    logging.captureWarnings(True)
    threading.excepthook = _uncaught_in_thread
    # A receiver tells Celery that logging has been taken care of.
    celery.signals.setup_logging.connect(_leave_logging_alone, weak=False)
    _configure_structlog()


def redact(text: str) -> str:
    """``text`` with everything that could identify a person or open a door replaced, cut after 2,000 characters."""
    if len(text) > TEXT_MAX:
        text = text[:TEXT_MAX] + "…"
    if not text.isascii():  # half characters would fail to encode, and some readers break lines at these three
        text = text.encode("utf-8", "backslashreplace").decode().translate(_LINE_BREAKS)
    return _PATTERN.sub(_replacement, text)


def terse(error: BaseException) -> str:
    """One line for an exception: its message redacted, or for database errors only code and constraint."""
    database = _database_error(error)
    if database is not None:
        return database
    text = redact(str(error))
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _replacement(match: re.Match[str]) -> str:
    kind = match.lastgroup
    return match.group() if kind == "keep" else f"[{kind}]"


def _database_error(error: BaseException) -> str | None:
    if isinstance(error, django.db.Error) and isinstance(error.__cause__, psycopg.Error):
        error = error.__cause__
    if isinstance(error, psycopg.Error):
        parts = [type(error).__name__]
        if error.sqlstate:
            parts.append(f"SQLSTATE {error.sqlstate}")
        if error.diag.constraint_name:
            parts.append(f"constraint {error.diag.constraint_name}")
        return " ".join(parts)
    return type(error).__name__ if isinstance(error, django.db.Error) else None


class Formatter(logging.Formatter):
    """One record, one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """The line. The record is only read: other handlers see it, too."""
        try:
            return _encode(_line(record))
        except Exception as error:  # noqa: BLE001 - a line that cannot be made must not break what it reports on
            return _encode({"level": "error", "event": "log_line_failed", "logger": record.name, "error": terse(error)})


def _line(record: logging.LogRecord) -> dict[str, Any]:
    fields = _fields(record)
    error = _exception(fields.pop("exc_info", None) or record.exc_info)
    event = fields.pop("event", "")
    line = {
        "time": dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "event": _plain(event, "event"),
        **{redact(str(name)): _plain(value, str(name)) for name, value in fields.items()},
    }
    if error is not None:
        line["exception"] = _chain(error)
    return line


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    """What structlog bound, or the message and extras of a standard record; both with the request's context."""
    if isinstance(record.msg, dict) and "_logger" in record.__dict__:
        return dict(record.msg)
    fields = dict(structlog.contextvars.get_contextvars())
    fields.update((name, value) for name, value in record.__dict__.items() if name not in _STANDARD)
    if record.name.startswith(_DJANGO_REQUESTS):
        return _request(record, fields)
    fields["event"] = _message(record)
    return fields


def _message(record: logging.LogRecord) -> str:
    if isinstance(record.msg, BaseException):
        return terse(record.msg)
    if not isinstance(record.args, tuple):
        return record.getMessage()
    arguments = tuple(terse(item) if isinstance(item, BaseException) else item for item in record.args)
    return str(record.msg) % arguments if arguments else str(record.msg)


def _request(record: logging.LogRecord, fields: dict[str, Any]) -> dict[str, Any]:
    """Django's request errors carry the path in their text; the reason and the route's template are enough."""
    request = fields.pop("request", None)
    match = getattr(request, "resolver_match", None)
    several = isinstance(record.args, tuple) and len(record.args) > 1
    fields["event"] = str(record.args[0]) if several else str(record.msg)  # type: ignore[index]  # a tuple, see above
    fields["route"] = match.route if match else None
    fields["method"] = getattr(request, "method", None)
    return fields


def _plain(value: Any, name: str) -> Any:
    """What may be written: redacted texts, small numbers, and lists and objects of these; else only the type's name."""
    if name in _NAMES:
        return REDACTED
    if value is None or isinstance(value, bool | float | UUID | dt.date | dt.timedelta):
        return value
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, int):
        return value if abs(value) < _INT_MAX or name.endswith(_QUANTITIES) else "[number]"
    if isinstance(value, BaseException):
        return terse(value)
    if isinstance(value, Mapping):
        return {redact(str(key)): _plain(inner, str(key)) for key, inner in list(value.items())[:100]}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(inner, name) for inner in list(value)[:100]]
    return f"<{type(value).__name__}>"


def _exception(exc_info: Any) -> BaseException | None:
    if exc_info is True:
        return sys.exc_info()[1]
    if isinstance(exc_info, tuple):
        return exc_info[1] if isinstance(exc_info[1], BaseException) else None
    return exc_info if isinstance(exc_info, BaseException) else None


def _chain(error: BaseException | None) -> list[dict[str, Any]]:
    """The exception and what caused it, outermost first, each with its innermost frames. Never local variables."""
    found: list[dict[str, Any]] = []
    while error is not None and len(found) < 5:
        found.append({"error": terse(error), "frames": _frames(error.__traceback__)})
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return found


def _frames(trace: TracebackType | None) -> list[str]:
    frames = traceback.extract_tb(trace)[-FRAMES_MAX:]
    return [f"{_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames]


def _short(filename: str) -> str:
    _, _, inside = filename.rpartition("site-packages/")
    return inside


def _encode(event: Mapping[str, Any]) -> str:
    return msgspec.json.encode(event, enc_hook=lambda value: f"<{type(value).__name__}>").decode()


def _uncaught_in_thread(arguments: threading.ExceptHookArgs) -> None:
    if arguments.exc_type is SystemExit or arguments.exc_value is None:
        return
    logging.getLogger("threading").error("thread_died", exc_info=arguments.exc_value)


def _leave_logging_alone(**_: object) -> None:
    """Nothing to do: being connected is the message."""


def _configure_structlog() -> None:
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
