"""The log of API requests: who asked what, how it ended and how long it took; never what was in it.

The gate and Django's middleware hand over each answered request with ``note``, which costs them a tuple on a bounded
queue. One thread per process writes what came, every second or every 500 requests, in one statement. A process that is
killed loses its last second. While the database is away the queue fills; what does not fit is dropped and counted.
"""

import atexit
import logging
import re
import threading
from collections import deque
from collections.abc import Sequence
from typing import LiteralString, NamedTuple, Protocol
from uuid import UUID

import psycopg
from prometheus_client import Counter

from smsplatform.lib import arrays, database, ids
from smsplatform.lib.tenancy import context

logger = logging.getLogger(__name__)

PREFIX = "log"  # of a request's id in the log
QUEUE_MAX = 10_000
BATCH_MAX = 500
PAUSE_SECONDS = 1.0
CONTENT_MAX = 4096  # of an answer; its first bytes hold what is read from it
DROPPED = Counter("sms_api_log_dropped", "API requests that are missing in the log")

_RECORD: LiteralString = "SELECT pipeline.record_calls(" + "%s, " * 15 + "%s)"
_CODE = re.compile(rb'"code":\s?"([a-z0-9_]{1,40})"')
_POINTER = re.compile(rb'"pointer":\s?"([^"\\]{1,80})"')
_MESSAGE = b'{"id":"msg_'
_PARTS = re.compile(rb'"parts":(\d{1,4})')
_COUNTRY = re.compile(rb'.*"country":"([A-Z]{2})"', re.DOTALL)  # the last one: metadata, which is free, stands before
_NAME = re.compile(r"[a-z][a-z_]{0,30}|\d{1,4}", re.ASCII)
POINTERS_MAX = 20


class Caller(Protocol):
    """Whose request it was: its key."""

    @property
    def id(self) -> UUID: ...
    @property
    def workspace_id(self) -> UUID: ...
    @property
    def livemode(self) -> bool: ...


class Noted(NamedTuple):
    """An answered request. ``route`` is a template, ``content`` the beginning of the answer."""

    id: UUID
    caller: Caller
    request_id: str
    method: str
    route: str
    status: int
    seconds: float
    content: bytes


class Reading(NamedTuple):
    """What an answer says of itself."""

    code: str | None = None
    pointers: tuple[str, ...] = ()
    message: UUID | None = None
    country: str | None = None
    parts: int | None = None


class Recorder:
    """The queue and the thread that empties it; one per process."""

    def __init__(self) -> None:
        self._queue: deque[Noted] = deque()
        self._wake = threading.Event()
        self._stopping = False
        self._starting = threading.Lock()
        self._writing = threading.Lock()
        self._thread: threading.Thread | None = None
        self._session = database.Session("default", relaxed=True)

    def note(
        self, caller: Caller, request_id: str, method: str, route: str, status: int, seconds: float, content: bytes
    ) -> None:
        """Queue an answered request. Never blocks, never raises; from any thread."""
        if len(self._queue) >= QUEUE_MAX:
            DROPPED.inc()
            return
        self._queue.append(
            Noted(ids.uuid7(), caller, request_id, method, route, status, seconds, content[:CONTENT_MAX])
        )
        if self._thread is None:
            self._start()
        if len(self._queue) >= BATCH_MAX:
            self._wake.set()

    def flush(self) -> None:
        """Write now what is queued; what the database does not take stays."""
        with self._writing:
            try:
                while taken := [self._queue.popleft() for _ in range(min(BATCH_MAX, len(self._queue)))]:
                    self._write(taken)
            except database.DatabaseUnavailable:
                self._queue.extendleft(reversed(taken))
                logger.warning("database_unavailable")

    def stop(self) -> None:
        """Write what is left and end; called when the process ends in good order."""
        self._stopping = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(2)
        self._session.close()

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="api-log", daemon=True)
                self._thread.start()
                atexit.register(self.stop)

    def _run(self) -> None:
        while not self._stopping:
            self._wake.wait(PAUSE_SECONDS)
            self._wake.clear()
            self.flush()

    def _write(self, taken: Sequence[Noted]) -> None:
        try:
            self._session.rows(_RECORD, arguments(taken, backend_pid=self._session.backend_pid))
        except psycopg.Error as error:  # not a lost session: rows that cannot be written now will not be later
            DROPPED.inc(len(taken))
            logger.error("api_log_not_written", extra={"error": type(error).__name__})


def arguments(taken: Sequence[Noted], *, backend_pid: int) -> list[arrays.Array]:
    """The arguments of ``pipeline.record_calls``, contexts signed for the session ``backend_pid``."""
    workspaces = list(dict.fromkeys(one.caller.workspace_id for one in taken))
    place = {workspace: position for position, workspace in enumerate(workspaces, start=1)}
    readings = [read(one) for one in taken]
    return [
        arrays.texts([context.token("w", workspace, backend_pid) for workspace in workspaces]),
        arrays.uuids(workspaces),
        arrays.int4s([place[one.caller.workspace_id] for one in taken]),
        arrays.uuids([one.id for one in taken]),
        arrays.bools([one.caller.livemode for one in taken]),
        arrays.texts([one.request_id for one in taken]),
        arrays.uuids([one.caller.id for one in taken]),
        arrays.texts([one.method[:7] for one in taken]),
        arrays.texts([one.route[:120] for one in taken]),
        arrays.int2s([one.status for one in taken]),
        arrays.texts([reading.code for reading in readings]),
        arrays.texts([" ".join(reading.pointers) for reading in readings]),
        arrays.int4s([round(one.seconds * 1000) for one in taken]),
        arrays.uuids([reading.message for reading in readings]),
        arrays.texts([reading.country for reading in readings]),
        arrays.int2s([reading.parts for reading in readings]),
    ]


def read(noted: Noted) -> Reading:
    """Code and fields of a refusal, or which message was answered with."""
    if noted.status >= 400:
        code = _CODE.search(noted.content)
        found = dict.fromkeys(_plain(pointer.decode()) for pointer in _POINTER.findall(noted.content))
        return Reading(code=code[1].decode() if code else None, pointers=tuple(found)[:POINTERS_MAX])
    if noted.content.startswith(_MESSAGE):
        return _message(noted.content)
    return Reading()


def _message(content: bytes) -> Reading:
    parts, country = _PARTS.search(content), _COUNTRY.match(content)
    return Reading(
        message=ids.decode(ids.MESSAGE, content[7:37].decode()),
        parts=int(parts[1]) if parts else None,
        country=country[1].decode() if country else None,
    )


def _plain(pointer: str) -> str:
    """A pointer without what a client may have put into it: names of its own fields, keys of its metadata."""
    head, *names = pointer.split("/")
    if "metadata" in names:
        names = [*names[: names.index("metadata") + 1], *("…" for _ in names[names.index("metadata") + 1 :])]
    shown = [name if name == "…" or _NAME.fullmatch(name) else "…" for name in names]
    return "/".join([head if re.fullmatch(r"#|\?[a-z_\[\]]{1,30}", head) else "…", *shown])


recorder = Recorder()
note = recorder.note
