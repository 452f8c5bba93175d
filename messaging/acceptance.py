"""Accepting messages: charge and store, in one commit, before anybody is told yes.

``pipeline.accept`` takes any number of messages of any number of workspaces in one statement. On the hot path an
``Acceptor`` joins the requests that wait at the same moment into one such statement; pages and commands call
``accept_now``. Either way the answer is one word per message, and only ``ok`` has been charged and stored.
"""

import asyncio
import datetime as dt
import hashlib
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, LiteralString
from uuid import UUID

import msgspec
from django.db import connections

from messaging.drafting import LANE, Draft, Source
from smsplatform.lib import arrays
from smsplatform.lib.tenancy import context

REPLAY = "replay"
REQUESTS_MAX = 400  # per statement; a bound on latency and on what one failure touches
MESSAGES_MAX = 1000
LINGER_SECONDS = 0.002  # waiting this long under load halves the cost per message
SLOW_SECONDS = 0.05  # a statement that waits for a lock this long does not hold up the others
KEPT = dt.timedelta(hours=24)


@dataclass(frozen=True, kw_only=True, slots=True)
class Idempotency:
    """A client's ``Idempotency-Key`` and what it was sent with."""

    digest: bytes
    fingerprint: bytes

    @classmethod
    def of(cls, *, path: str, key: str, body: bytes) -> "Idempotency":
        """From the request; only digests are kept of either."""
        return cls(digest=hashlib.sha256(f"{path}\n{key}".encode()).digest(), fingerprint=hashlib.sha256(body).digest())


class Order(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One request's messages."""

    source: Source
    drafts: Sequence[Draft]
    idempotency: Idempotency | None = None
    at: dt.datetime


_ARGUMENTS = 41
SQL: LiteralString = "SELECT pipeline.accept(" + "%s, " * (_ARGUMENTS - 1) + "%s)"


def arguments(orders: Sequence[Order], *, backend_pid: int) -> list[Any]:
    """The arguments of ``pipeline.accept`` for these orders, contexts signed for the session ``backend_pid``."""
    sources: dict[int, int] = {}
    listed: list[Source] = []
    for order in orders:
        if sources.setdefault(id(order.source), len(listed) + 1) > len(listed):
            listed.append(order.source)
    numbered = [(sources[id(order.source)], order) for order in orders]
    with_key = [(number, order, order.idempotency) for number, order in numbered if order.idempotency]
    request_of = {id(order): position for position, (_, order, _) in enumerate(with_key, 1)}
    rows = [(number, request_of.get(id(order)), draft) for number, order in numbered for draft in order.drafts]
    return [
        orders[0].at,
        *_source_columns(listed, backend_pid),
        *_message_columns([(number, draft) for number, _, draft in rows]),
        arrays.int4s([request for _, request, _ in rows]),
        arrays.int4s([number for number, _, _ in with_key]),
        arrays.byteas([key.digest for _, _, key in with_key]),
        arrays.byteas([key.fingerprint for _, _, key in with_key]),
        arrays.times([_keep_until(order) for _, order, _ in with_key]),
    ]


def _keep_until(order: Order) -> dt.datetime:
    """24 hours, or 24 hours past the last scheduled send."""
    return max((draft.plan.send_at or order.at for draft in order.drafts), default=order.at) + KEPT


def _source_columns(sources: Sequence[Source], backend_pid: int) -> list[arrays.Array]:
    return [
        arrays.texts([context.token("w", s.workspace_id, backend_pid) for s in sources]),
        arrays.uuids([s.workspace_id for s in sources]),
        arrays.uuids([s.wallet for s in sources]),
        arrays.uuids([s.key_id for s in sources]),
        arrays.uuids([s.user_id for s in sources]),
        arrays.bools([s.livemode for s in sources]),
    ]


def _message_columns(rows: Sequence[tuple[int, Draft]]) -> list[arrays.Array]:
    drafts = [draft for _, draft in rows]
    plans = [draft.plan for draft in drafts]
    requests = [plan.request for plan in plans]
    return [
        arrays.int4s([source for source, _ in rows]),
        arrays.uuids([d.id for d in drafts]),
        arrays.uuids([d.batch_id for d in drafts]),
        arrays.uuids([p.sender.id for p in plans]),
        arrays.uuids([p.template.id if p.template else None for p in plans]),
        arrays.uuids([d.callback_id for d in drafts]),
        arrays.byteas([d.to_ct for d in drafts]),
        arrays.byteas([d.to_idx for d in drafts]),
        arrays.texts([p.number.region for p in plans]),
        arrays.texts([r.category for r in requests]),
        arrays.int2s([LANE[r.category] for r in requests]),  # type: ignore[index]  # the enum's values are these strings
        arrays.texts([p.segmented.encoding for p in plans]),
        arrays.int2s([p.segmented.parts for p in plans]),
        arrays.int8s([p.quote.unit_micro for p in plans]),
        arrays.int8s([p.price for p in plans]),
        arrays.texts([p.quote.currency for p in plans]),
        arrays.uuids([p.quote.item_id for p in plans]),
        arrays.texts([p.quote.refund_basis for p in plans]),
        arrays.times([p.send_at for p in plans]),
        arrays.times([p.expires_at for p in plans]),
        arrays.times([p.body_expires_at for p in plans]),
        arrays.int2s([p.body_hours for p in plans]),
        arrays.bools([p.discard for p in plans]),
        arrays.bools([bool(r.privacy and r.privacy.recipient == "mask") for r in requests]),
        arrays.byteas([d.reference_ct for d in drafts]),
        arrays.byteas([d.reference_idx for d in drafts]),
        arrays.byteas([d.metadata_ct for d in drafts]),
        arrays.byteas([d.text_ct for d in drafts]),
        arrays.uuids([p.carrier for p in plans]),
    ]


def accept_now(order: Order, *, using: str = "default") -> list[str]:
    """Accept one order on Django's connection, inside the caller's transaction if there is one."""
    connection = connections[using]
    connection.ensure_connection()
    with connection.cursor() as cursor:
        cursor.execute(SQL, arguments([order], backend_pid=connection.connection.info.backend_pid))
        outcomes: list[str] = cursor.fetchone()[0]
    return outcomes


@dataclass(slots=True)
class _Waiting:
    order: Order
    answer: "asyncio.Future[list[str]]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Acceptor:
    """Joins concurrent orders of one event loop into few statements (group commit).

    While a statement runs, new orders gather; the next statement takes them all. Nothing is delayed when there is no
    load: the first order of a quiet moment goes at once. ``execute`` runs one statement and returns one word per
    message; its failure fails the orders of that statement and no others.
    """

    def __init__(self, execute: Callable[[Sequence[Order]], Awaitable[list[str]]], *, lanes: int = 2) -> None:
        self._execute = execute
        self._lanes = self._free = lanes
        self._queue: list[_Waiting] = []
        self._messages = 0  # in the queue
        self._busy = False
        self._began = 0.0

    async def accept(self, order: Order) -> list[str]:
        """One word per message of ``order``, after the commit."""
        waiting = _Waiting(order)
        self._queue.append(waiting)
        self._messages += len(order.drafts)
        if self._free == self._lanes or (self._free and self._another):
            self._start()
        return await waiting.answer

    @property
    def _another(self) -> bool:
        """Whether a statement beside the one under way is worth it: else it would only halve both."""
        full = len(self._queue) >= REQUESTS_MAX or self._messages >= MESSAGES_MAX
        return full or time.monotonic() - self._began > SLOW_SECONDS

    def _start(self) -> None:
        self._free -= 1
        task = asyncio.ensure_future(self._run())
        task.add_done_callback(lambda done: done.exception())

    async def _run(self) -> None:
        try:
            while self._queue:
                if self._busy:
                    await asyncio.sleep(LINGER_SECONDS)
                taken = self._take()
                if not taken:
                    break
                self._busy = len(taken) > 1
                await self._settle(taken)
        finally:
            self._free += 1

    def _take(self) -> list[_Waiting]:
        messages, count = 0, 0
        for waiting in self._queue[:REQUESTS_MAX]:
            more = messages + len(waiting.order.drafts)
            if count and more > MESSAGES_MAX:
                break
            messages, count = more, count + 1
        taken, self._queue = self._queue[:count], self._queue[count:]
        self._messages -= messages
        return taken

    async def _settle(self, taken: list[_Waiting]) -> None:
        self._began = time.monotonic()
        try:
            outcomes = await self._execute([waiting.order for waiting in taken])
        except Exception as error:  # noqa: BLE001  # every kind of failure belongs to those who wait for it
            for waiting in taken:
                if not waiting.answer.done():
                    waiting.answer.set_exception(error)
            return
        start = 0
        for waiting in taken:
            end = start + len(waiting.order.drafts)
            if not waiting.answer.done():  # a client that hung up cancels its wait, not the commit
                waiting.answer.set_result(outcomes[start:end])
            start = end


@dataclass(frozen=True, kw_only=True, slots=True)
class Replay:
    """What an idempotency key made before."""

    fingerprint: bytes
    message_ids: list[UUID | None]
    outcomes: list[str]


def replay_of(source: Source, idempotency: Idempotency) -> Replay | None:
    """What was made with this key, read inside the workspace's scope."""
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT fingerprint, message_ids, outcomes FROM messaging_idempotency_key "
            "WHERE workspace_id = %s AND key_id = %s AND digest = %s",
            [source.workspace_id, source.key_id or source.user_id, idempotency.digest],
        )
        row = cursor.fetchone()
    return Replay(fingerprint=bytes(row[0]), message_ids=row[1], outcomes=row[2]) if row else None
