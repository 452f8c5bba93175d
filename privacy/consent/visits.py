"""Counting views of public pages without knowing whose they are.

The address is cut to its /24 or /48 before it is queued; without agreement there is no id, and nobody who declined or
whose browser sends ``Sec-GPC`` is counted. One thread per process writes what came, every two seconds in one statement,
so no response waits for it; a process that is killed loses those seconds.
"""

import atexit
import datetime as dt
import ipaddress
import logging
import threading
from collections import deque
from typing import LiteralString, NamedTuple
from uuid import UUID

import psycopg

from privacy.models import Visit
from smsplatform.lib import arrays, database, ids

logger = logging.getLogger(__name__)

QUEUE_MAX = 5000
PAUSE_SECONDS = 2.0
KEPT = dt.timedelta(days=90)
# A whole address cannot get in: the table has a constraint against it.
_WRITE: LiteralString = """
    INSERT INTO privacy_visit (id, at, page, network, visit_id)
    SELECT id, at, page, network::inet, visit FROM unnest(%s, %s, %s, %s, %s) AS new(id, at, page, network, visit)
    RETURNING 1"""


class View(NamedTuple):
    """A view of a page, waiting to be written."""

    id: UUID
    at: dt.datetime
    page: str
    network: str | None
    visit: UUID | None


def truncated(address: str) -> str | None:
    """The network an address is in: /24, or /48 of version 6; None for what is no address."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return None
    mapped = getattr(parsed, "ipv4_mapped", None)
    if mapped is not None:
        parsed = mapped
    network = ipaddress.ip_network(f"{parsed.exploded}/{24 if parsed.version == 4 else 48}", strict=False)
    return str(network.network_address)


class Log:
    """The queue and the thread that empties it; one per process."""

    def __init__(self) -> None:
        self._queue: deque[View] = deque(maxlen=QUEUE_MAX)  # a full one forgets the oldest: these are statistics
        self._stop = threading.Event()
        self._starting = threading.Lock()
        self._writing = threading.Lock()
        self._thread: threading.Thread | None = None
        self._session = database.Session("default", relaxed=True)

    def note(self, *, page: str, address: str, visit: UUID | None, at: dt.datetime) -> None:
        """Count a view. Never blocks, never raises."""
        minute = at.replace(second=0, microsecond=0)
        self._queue.append(View(ids.uuid7(), minute, page[:80], truncated(address), visit))
        if self._thread is None:
            self._start()

    def flush(self) -> None:
        """Write now what is queued; what the database does not take stays."""
        with self._writing:
            taken = [self._queue.popleft() for _ in range(len(self._queue))]
            try:
                self._write(taken)
            except database.DatabaseUnavailable:
                self._queue.extendleft(reversed(taken))
                logger.warning("database_unavailable")

    def stop(self) -> None:
        """Write what is left and end."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(2)
        self.flush()
        self._session.close()

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="visits", daemon=True)
                self._thread.start()
                atexit.register(self.stop)

    def _run(self) -> None:
        while not self._stop.wait(PAUSE_SECONDS):
            self.flush()

    def _write(self, taken: list[View]) -> None:
        if not taken:
            return
        columns = list(zip(*taken, strict=True))
        try:
            self._session.rows(
                _WRITE,
                [
                    arrays.uuids(columns[0]),
                    arrays.times(columns[1]),
                    arrays.texts(columns[2]),
                    arrays.texts(columns[3]),
                    arrays.uuids(columns[4]),
                ],
            )
        except psycopg.Error as error:  # rows that cannot be written now will not be later
            logger.error("visits_not_written", extra={"error": type(error).__name__})


def purge(*, at: dt.datetime) -> int:
    """Delete views whose time is over."""
    return Visit.objects.using("system").filter(at__lt=at - KEPT).delete()[0]


def forget(visit: UUID) -> int:
    """Delete the views of one visit, also those not written yet, because somebody erases their traces; how many."""
    log.flush()
    return Visit.objects.using("system").filter(visit_id=visit).delete()[0]


def due() -> dt.datetime | None:
    """The end of the oldest view."""
    found = Visit.objects.using("system").order_by("at").values_list("at", flat=True).first()
    return found + KEPT if found else None


log = Log()
