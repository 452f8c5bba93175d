"""Webhooks: claim what is due, sign and post it, and write down in bulk how it went.

At least once while the endpoint lives, in order per message, under one stable id. Emitting is SQL
(``pipeline.emit``); whoever emits calls ``wake``. A Celery task drains what is due for a few seconds and lingers a
little, so that the next event of a busy moment does not wait for the broker. ``decide`` is the whole policy.
"""

import datetime as dt
import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString, NamedTuple

from celery.signals import worker_shutting_down
from django.conf import settings

from accounts import notifications
from messaging.events import Claimed, payload
from messaging.posting import RETRY_AFTER_MAX, TOO_MUCH, Post, Posted, Poster
from messaging.presenting import UNREADABLE
from privacy import ciphers
from smsplatform.lib import arrays, clock, database, ids, signing
from smsplatform.lib.tasks import Ladder, Wakeups, task

logger = logging.getLogger(__name__)

BOX_SECONDS = 5.0
LINGER_SECONDS = 1.0
PACE_SECONDS = 0.02  # between claims: a claim of few costs as much as one of many
BUSY_PACE_SECONDS, FEW = 0.05, 10  # under load the queue before us costs more time than this, and CPU is what is short
WRITE_PACE_SECONDS = 0.02  # between statements that write down what was answered: larger and fewer
CLAIM_MAX = 500
IN_HAND_MAX = 2000  # claimed and not written down: the bound of what a killed worker delivers twice

# After the first attempt at once; the last wait ends two and a half days later.
LADDER = Ladder(delays=(5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400), jitter=0.2)
GONE = 410


def lease() -> dt.timedelta:
    """How long a claimed delivery is ours: its request begins in time to be answered within this (``posting``)."""
    return 2 * dt.timedelta(seconds=settings.WEBHOOK_TIMEOUT_SECONDS)


class Decision(NamedTuple):
    """How a delivery went; see ``pipeline.record_deliveries``. ``disable`` is why the endpoint is switched off."""

    state: str
    status: int | None
    error: str | None
    due_at: dt.datetime | None
    disable: str | None = None


def decide(posted: Posted, *, attempts: int, at: dt.datetime, chance: float) -> Decision:
    """What an answer, or none, means for a delivery tried ``attempts`` times."""
    if not posted.started:
        return Decision("deferred", None, None, at + dt.timedelta(seconds=posted.retry_after))
    if posted.status is not None and 200 <= posted.status < 300:
        return Decision("delivered", posted.status, None, None)
    error = posted.error or ("redirect" if 300 <= (posted.status or 0) < 400 else "http_status")
    if posted.status == GONE:
        return Decision("exhausted", posted.status, error, None, "gone")
    delay = LADDER.delay(attempts - 1, chance)
    if delay is None:
        return Decision("exhausted", posted.status, error, None, "failing")
    if posted.status in (*TOO_MUCH, 503):
        delay = max(delay, min(posted.retry_after, RETRY_AFTER_MAX))
    return Decision("pending", posted.status, error, at + dt.timedelta(seconds=delay))


# Building a request


def _unsealed(label: str, value: bytes, row: Claimed) -> str:
    associated = ciphers.aad(f"messaging.WebhookEndpoint.{label}", row.workspace_id, row.endpoint_id)
    return ciphers.unseal_repeated(value, associated)


def request(row: Claimed, *, at: dt.datetime) -> Post:
    """The signed request of a claimed delivery. Raises ``KeyDestroyed`` and ``CipherError``."""
    assert row.url is not None
    assert row.secret is not None
    secrets = [_unsealed("secret", row.secret, row)]
    if row.previous_secret and row.previous_until and row.previous_until > at:
        secrets.append(_unsealed("previous_secret", row.previous_secret, row))
    body = payload(row, at=at)
    headers = signing.headers(secrets, ids.encode("evt", row.event_id), at, body)
    headers["content-type"] = "application/json"
    return Post(row, row.endpoint_id, _unsealed("url", row.url, row), headers, body, time.monotonic())


# Draining


@dataclass(slots=True)
class _Result:
    row: Claimed
    decision: Decision
    took_ms: int | None = None


_CLAIM: LiteralString = "SELECT * FROM pipeline.claim_deliveries(%s, %s, %s, %s)"
_RECORD: LiteralString = "SELECT pipeline.record_deliveries(%s, %s, %s, %s, %s, %s, %s)"
_DISABLE: LiteralString = "SELECT pipeline.disable_endpoint(%s, %s, %s)"


class Deliverer:
    """Claims, posts and writes down; one per process. ``now`` is the clock."""

    def __init__(self, *, now: Callable[[], dt.datetime] = clock.now) -> None:
        self._now = now
        self._draining = threading.Lock()
        self._results: deque[_Result] = deque()  # appended by three threads, taken by one
        self._arrived = threading.Event()
        self.stopping = threading.Event()
        self._in_hand = 0
        self._count = threading.Lock()
        self._poster = Poster(self._done)
        self._writer = threading.Thread(target=self._write, name="webhook-writer", daemon=True)
        self._writer.start()

    def stop(self) -> None:
        """Write what is known and end both threads; what is in flight will be made again."""
        self.stopping.set()
        self._poster.stop()
        self._arrived.set()
        self._writer.join(5)

    @property
    def in_hand(self) -> int:
        """Deliveries claimed and not yet written down."""
        return self._in_hand

    def drain(self, *, box_seconds: float = BOX_SECONDS, linger_seconds: float = LINGER_SECONDS) -> bool:
        """Deliver what is due for at most ``box_seconds``; whether there may be more to do."""
        if not self._draining.acquire(blocking=False):
            return False
        try:
            with database.session("system", relaxed=True) as session:
                return self._drain(session, box_seconds, linger_seconds)
        except database.DatabaseUnavailable:
            logger.warning("database_unavailable")
            return False
        finally:
            self._draining.release()

    def _drain(self, session: database.Session, box_seconds: float, linger_seconds: float) -> bool:
        ends, idle_since = time.monotonic() + box_seconds, time.monotonic()
        while (now := time.monotonic()) < ends and not self.stopping.is_set():
            room = min(IN_HAND_MAX - self._in_hand, CLAIM_MAX)
            claimed = self._claim(session, room) if room > CLAIM_MAX // 4 else 0
            if claimed or self._in_hand:  # what is in hand may be what the next event of its message waits for
                idle_since = now
            elif now - idle_since > linger_seconds:
                return False
            if claimed < room:
                pace = PACE_SECONDS if claimed < FEW else BUSY_PACE_SECONDS
                time.sleep(max(0.0, pace - (time.monotonic() - now)))
        return not self.stopping.is_set()

    def _claim(self, session: database.Session, room: int) -> int:
        at = self._now()
        rows = [Claimed(*row) for row in session.rows(_CLAIM, [room, at, at + lease(), self._poster.full()])]
        if not rows:
            return 0
        with self._count:
            self._in_hand += len(rows)
        posts: list[Post] = []
        for row in rows:
            try:
                posts += [request(row, at=at)] if row.url else self._refused(row, "endpoint_off")
            except UNREADABLE:
                self._refused(row, "key_gone")
            except Exception as error:  # noqa: BLE001  # one poisonous row must not stop everybody's webhooks
                logger.error("webhook_not_built", extra={"error": type(error).__name__})
                self._failed(row, "internal_error")
        self._poster.post(posts)
        return len(rows)

    def _refused(self, row: Claimed, why: str) -> list[Post]:
        self._keep(_Result(row, Decision("dropped", None, why, None)))
        return []

    def _failed(self, row: Claimed, why: str) -> None:
        self._done(Posted(row, None, why, 0.0))

    def _done(self, posted: Posted) -> None:
        row: Claimed = posted.token  # type: ignore[assignment]  # our own tokens, see request
        decision = decide(posted, attempts=row.attempts, at=self._now(), chance=random.random())  # noqa: S311  # jitter
        self._keep(_Result(row, decision, posted.took_ms))

    def _keep(self, result: _Result) -> None:
        self._results.append(result)
        if not self._arrived.is_set():  # a lock less, thousands of times a second
            self._arrived.set()

    def _write(self) -> None:
        """The writer's thread: everything that arrived since the last statement goes into the next one."""
        session = database.Session("system", relaxed=True)  # at least once: what a crash undoes is posted again
        while not (self.stopping.is_set() and not self._results):
            self._arrived.wait(1.0)
            self._arrived.clear()
            taken = [self._results.popleft() for _ in range(len(self._results))]
            if taken:
                self._record(session, taken)
                with self._count:
                    self._in_hand -= len(taken)
                time.sleep(WRITE_PACE_SECONDS)
        session.close()

    def _record(self, session: database.Session, taken: Sequence[_Result]) -> None:
        at = self._now()
        decisions = [result.decision for result in taken]
        arguments = [
            at,
            arrays.uuids([result.row.id for result in taken]),
            arrays.texts([decision.state for decision in decisions]),
            arrays.int2s([decision.status for decision in decisions]),
            arrays.texts([decision.error for decision in decisions]),
            arrays.times([decision.due_at for decision in decisions]),
            arrays.int4s([result.took_ms for result in taken]),
        ]
        off = {r.row.endpoint_id: r.decision.disable for r in taken if r.decision.disable}
        if not off:
            database.insist(lambda: session.rows(_RECORD, arguments), self.stopping)
            return
        # In one transaction: whoever dies in between would leave an endpoint on that was given up, and nobody told.
        given: list[tuple[LiteralString, list[Any]]] = [(_RECORD, arguments)]
        given += [(_DISABLE, [endpoint, why, at]) for endpoint, why in sorted(off.items())]
        for rows in (database.insist(lambda: session.together(given), self.stopping) or [])[1:]:
            if rows[0][0]:
                logger.info("webhook_endpoint_disabled")
                notifications.send_due.apply_async()  # the mails are rows already; the sweep would find them


_deliverer: Deliverer | None = None
_making = threading.Lock()


def deliverer() -> Deliverer:
    """The one of this process, started when first needed."""
    global _deliverer  # noqa: PLW0603  # one per process, made late
    with _making:
        if _deliverer is None:
            _deliverer = Deliverer()
    return _deliverer


@worker_shutting_down.connect
def _stop(**kwargs: Any) -> None:
    if _deliverer is not None:
        _deliverer.stop()


@task(name="messaging.webhooks.drain", queue="webhooks")
def drain() -> None:
    """Deliver what is due; asks for its own continuation while there is work."""
    if deliverer().drain():
        wake()


@task(name="messaging.webhooks.sweep", queue="webhooks")
def sweep() -> None:
    """Find what a lost wake-up missed and what a dead worker held."""
    try:
        at = clock.now()
        with database.session("system") as session:
            session.value("SELECT pipeline.reclaim_deliveries(%s)", [at])
            due = session.value("SELECT pipeline.deliveries_due(%s)", [at])
        if due:
            wake()
    except database.DatabaseUnavailable:
        logger.warning("database_unavailable")


# Seldom, because a drain that has begun lingers longer than the interval: what comes meanwhile needs no wake-up.
_wakeups = Wakeups(lambda key: drain.apply_async(ignore_result=True), per_second=2)


def wake() -> None:
    """There may be something to deliver. Never blocks, never raises; many calls become few messages."""
    _wakeups.wake()
