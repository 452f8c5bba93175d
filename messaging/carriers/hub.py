"""The carrier sessions of one worker process: a uvloop thread that holds the binds, and one writer per carrier.

    drain task ──submit──▶ Link ──▶ Client(s) on the loop ──▶ carrier
                             ▲                │
         release, ack ◀── writer thread ◀── results, deliveries

Sessions live as long as the worker, so receipts arrive even when nothing is sent. A bind is held by a lease in the
database; workers together never hold more than the carrier allows. The writer commits what came back and only then
frees window slots and acknowledges receipts: what is in doubt after a crash is at most the window.
"""

import asyncio
import datetime as dt
import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import uvloop

from messaging.carriers.smpp.client import Client, ClientOptions, StateChange, SubmitRequest, SubmitResult, Tls
from messaging.carriers.smpp.errors import STATUS_OK, STATUS_TRY_LATER
from messaging.carriers.smpp.receipts import IdFormat
from messaging.carriers.smpp.session import Alarm, BindMode, Delivery, LinkState, SessionOptions
from messaging.carriers.smpp.submits import LongMessage, References, SubmitOptions
from messaging.carriers.smpp.throttle import Throttle
from messaging.models import Carrier
from smsplatform.lib import clock, database

logger = logging.getLogger(__name__)
LEASE_SECONDS = 6.0
BEAT_SECONDS = 1.5
PACE_SECONDS = 0.02  # between commits: one of few answers and receipts costs nearly as much as one of many
GATHER_MAX = 2000

Recorder = Callable[["Link", Sequence[SubmitResult], Sequence[Delivery]], None]
MODES = {Carrier.Mode.TRANSCEIVER: (BindMode.TRANSCEIVER,), Carrier.Mode.TRANSMITTER: (BindMode.TRANSMITTER,)}
PAIR = (BindMode.TRANSMITTER, BindMode.RECEIVER)


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """A carrier's row as the sessions need it; a change in it means new sessions."""

    id: UUID
    name: str
    host: str
    port: int
    tls: bool
    system_id: str
    password: str
    system_type: str
    mode: str
    window: int
    throughput_max: int
    long_message: str
    id_format: str
    charset: str

    @classmethod
    def of(cls, carrier: Carrier) -> "Account":
        """The values of ``carrier``, secrets decrypted."""
        return cls(**{name: getattr(carrier, name) for name in cls.__slots__})

    def session(self, mode: BindMode) -> SessionOptions:
        """Session options for one bind."""
        return SessionOptions(
            system_id=self.system_id,
            password=self.password,
            system_type=self.system_type,
            mode=mode,
            window=self.window,
            response_seconds=10.0,
            id_format=IdFormat(self.id_format),
        )

    def submits(self) -> SubmitOptions:
        """How this carrier wants long texts and characters."""
        return SubmitOptions(
            long_message=LongMessage(self.long_message), charset="latin1" if self.charset == "latin1" else "gsm7"
        )


class Link:
    """The sessions to one carrier from this process, and the thread that writes down what they say."""

    def __init__(self, account: Account, loop: asyncio.AbstractEventLoop, record: Recorder) -> None:
        self.account = account
        self.submits = account.submits()
        self.references = References()
        self.session_name = uuid4().hex[:12]
        self.draining = threading.Lock()
        self.bound_at: float | None = None
        self.down_since = time.monotonic()
        self._loop, self._record = loop, record
        self._reserved = 0
        self._lock = threading.Lock()
        self._incoming: queue.SimpleQueue[tuple[Client, list[SubmitResult], list[Delivery]] | None] = (
            queue.SimpleQueue()
        )
        self._throttle = Throttle(float(account.throughput_max) or None)
        self.clients: list[Client] = []
        self._senders: list[Client] = []
        self._room = threading.Event()
        self._writer = threading.Thread(target=self._write, name=f"writer {account.name}", daemon=True)
        self._writer.start()

    # On the loop

    def resize(self, binds: int) -> None:
        """Have this many binds (pairs count as one). Runs on the loop."""
        modes = PAIR if self.account.mode == Carrier.Mode.PAIR else MODES[Carrier.Mode(self.account.mode)]
        while len(self.clients) < binds * len(modes):
            self._add(modes[len(self.clients) % len(modes)])

    def _add(self, mode: BindMode) -> None:
        account = self.account
        box: list[Client] = []
        client = Client(
            ClientOptions(
                host=account.host,
                port=account.port,
                session=account.session(mode),
                tls=Tls() if account.tls else None,
            ),
            on_results=lambda results: self._incoming.put((box[0], results, [])),
            on_deliveries=lambda deliveries: self._incoming.put((box[0], [], deliveries)),
            on_state=self._changed,
            on_alarms=self._alarmed,
            on_window=lambda free: self._room.set(),
            throttle=self._throttle,
        )
        box.append(client)
        self.clients.append(client)
        if mode is not BindMode.RECEIVER:
            self._senders.append(client)
        client.start()

    def _changed(self, change: StateChange) -> None:
        logger.info(
            "carrier_session", extra={"carrier": self.account.name, "state": str(change.state), "why": change.reason}
        )
        bound = any(client.state is LinkState.BOUND for client in self._senders)
        now = time.monotonic()
        if bound:
            self.bound_at = self.bound_at or now
            self._room.set()
        elif self.bound_at is not None:
            self.bound_at, self.down_since = None, now

    def _alarmed(self, alarms: list[Alarm]) -> None:
        for alarm in alarms:
            logger.warning(
                "carrier_alarm", extra={"carrier": self.account.name, "what": alarm.code, "detail": alarm.detail}
            )

    async def close(self, drain_seconds: float) -> None:
        """Stop submitting, let answers come in and be written, unbind."""
        await asyncio.gather(*(client.close(drain_seconds) for client in self.clients))
        self._incoming.put(None)

    # From the drain task's thread

    @property
    def bound(self) -> bool:
        """Whether anything can be submitted now."""
        return self.bound_at is not None

    def room(self) -> int:
        """How many parts may be handed over now."""
        free = sum(client.free_window() for client in self._senders if client.state is LinkState.BOUND)
        return max(0, free - self._reserved)

    def room_max(self) -> int:
        """How large ``room`` can get: the window, or half a second's worth when the rate is limited or throttled."""
        rate = self._throttle.rate
        return self.account.window if rate is None else min(self.account.window, max(1, int(rate / 2)))

    def wait_for_room(self, seconds: float) -> None:
        """Wait until window slots were freed, at most ``seconds``."""
        self._room.clear()
        self._room.wait(seconds)

    def submit(self, requests: list[SubmitRequest]) -> None:
        """Hand over parts; each comes back as a result exactly once."""
        with self._lock:
            self._reserved += len(requests)
        self._loop.call_soon_threadsafe(self._submit, requests)

    def _submit(self, requests: list[SubmitRequest]) -> None:
        with self._lock:
            self._reserved -= len(requests)
        senders = [client for client in self._senders if client.state is LinkState.BOUND] or self._senders
        senders.sort(key=lambda client: -client.free_window())
        start = 0
        for position, client in enumerate(senders):
            last = position == len(senders) - 1
            take = len(requests) - start if last else max(0, client.free_window())
            if chunk := requests[start : start + take]:
                client.submit(chunk)
            start += take

    # The writer's thread

    def _write(self) -> None:
        written_at = 0.0
        while (first := self._incoming.get()) is not None:
            time.sleep(max(0.0, PACE_SECONDS - (time.monotonic() - written_at)))
            gathered, ending = [first], False
            count = len(first[1]) + len(first[2])
            while count < GATHER_MAX and not self._incoming.empty():
                item = self._incoming.get()
                if item is None:
                    ending = True
                    break
                gathered.append(item)
                count += len(item[1]) + len(item[2])
            written_at = time.monotonic()
            self._commit(gathered)
            if ending:
                return

    def _commit(self, gathered: list[tuple[Client, list[SubmitResult], list[Delivery]]]) -> None:
        results = [result for _, batch, _ in gathered for result in batch]
        deliveries = [delivery for _, _, batch in gathered for delivery in batch]
        try:
            self._record(self, results, deliveries)
        except Exception:
            # Nothing was written. The carrier is asked to send its receipts again; the messages stay leased until
            # the lease runs out, and are then in doubt like after a crash.
            logger.exception("record_failed")
            self._loop.call_soon_threadsafe(self._settle, gathered, STATUS_TRY_LATER)
        else:
            self._loop.call_soon_threadsafe(self._settle, gathered, STATUS_OK)

    @staticmethod
    def _settle(gathered: list[tuple[Client, list[SubmitResult], list[Delivery]]], status: int) -> None:
        for client, results, deliveries in gathered:
            if results:
                client.release(len(results))
            if deliveries:
                client.ack([delivery.token for delivery in deliveries], status)


class Hub:
    """All links of this process and the heartbeat that keeps their leases."""

    def __init__(self, record: Recorder) -> None:
        self.holder = uuid4()
        self.stopping = threading.Event()
        self._record = record
        self._links: dict[UUID, Link] = {}
        self._loop = uvloop.new_event_loop()
        self._database = database.Session("system")
        self._threads = [
            threading.Thread(target=self._run_loop, name="smpp", daemon=True),
            threading.Thread(target=self._beat, name="binds", daemon=True),
        ]

    def start(self) -> None:
        """Take binds and hold them until ``stop``."""
        for thread in self._threads:
            thread.start()

    def stop(self, drain_seconds: float = 8.0) -> None:
        """Finish what is in flight, unbind, give the leases back."""
        self.stopping.set()
        self._threads[1].join(LEASE_SECONDS)
        closing = asyncio.run_coroutine_threadsafe(self._close_all(drain_seconds), self._loop)
        try:
            closing.result(drain_seconds + 3)
        except TimeoutError:
            logger.warning("drain_timeout")
        for link in self._links.values():
            link._writer.join(2)  # noqa: SLF001  # the hub owns its links
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._call("SELECT pipeline.drop_binds(%s)", [self.holder])

    def link(self, carrier_id: UUID) -> Link | None:
        """The link to a carrier, if this process holds one of its binds."""
        return self._links.get(carrier_id)

    def _run_loop(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    async def _close_all(self, drain_seconds: float) -> None:
        await asyncio.gather(*(link.close(drain_seconds) for link in self._links.values()))

    def _beat(self) -> None:
        while not self.stopping.is_set():
            try:
                self._hold_all()
            except Exception:
                logger.exception("bind_heartbeat_failed")
            self.stopping.wait(BEAT_SECONDS)

    def _hold_all(self) -> None:
        enabled = Carrier.objects.using("system").filter(enabled=True)
        carriers = {carrier.id: carrier for carrier in database.again("system", lambda: list(enabled))}
        for gone in self._links.keys() - carriers.keys():
            self._drop(gone)
        for carrier in carriers.values():
            try:
                self._hold(Account.of(carrier))
            except Exception:
                # One carrier that cannot be read must not cost the others their leases.
                logger.exception("bind_failed", extra={"carrier": carrier.name})

    def _hold(self, account: Account) -> None:
        link = self._links.get(account.id)
        if link is not None and link.account != account:
            self._drop(account.id)
            link = None
        at = clock.now()
        until = at + dt.timedelta(seconds=LEASE_SECONDS)
        bound = link is not None and link.bound
        held = self._call("SELECT pipeline.hold_binds(%s, %s, %s, %s, %s)", [account.id, self.holder, bound, at, until])
        if not held:
            if link is not None:
                self._drop(account.id)
            return
        if link is None:
            link = self._links[account.id] = Link(account, self._loop, self._record)
        self._loop.call_soon_threadsafe(link.resize, held)

    def _drop(self, carrier_id: UUID) -> None:
        link = self._links.pop(carrier_id)
        asyncio.run_coroutine_threadsafe(link.close(2.0), self._loop)

    def _call(self, sql: Any, arguments: list[Any]) -> Any:
        try:
            return self._database.value(sql, arguments)
        except database.DatabaseUnavailable:
            logger.warning("database_unavailable")
            return 1  # hold on: the lease may have run out, but sessions that work are worth more than an order
