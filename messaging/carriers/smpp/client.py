"""The asyncio shell of an SMPP session: connects, binds, reconnects, and hands over in bulk.

One ``Client`` is one bind. All methods are for the thread of its event loop (other threads use
``loop.call_soon_threadsafe``); ``free_window`` and ``state`` may be read from anywhere. Any number of clients share a
loop, uvloop or not. There are no futures and no objects per message: requests go in by the list, results and
deliveries come out by the list, one list per socket read.

    client = Client(
        ClientOptions(host="smsc.example", port=2775, session=SessionOptions(system_id="us", password="...")),
        on_results=results.put,        # list[SubmitResult]: commit them, then client.release(len(list))
        on_deliveries=receipts.put,    # list[Delivery]: commit them, then client.ack([d.token for d in list])
        on_state=states.put,           # StateChange(state, reason, retry_seconds)
    )
    client.start()
    ...
    client.submit([SubmitRequest(token, body) for body in submits.bodies(...)])   # at most client.free_window()
    ...
    await client.close(drain_seconds=10)

Every request gets exactly one result, or two when a response comes after its time-out (``late=True``). A result of
outcome UNSENT was never written and may be sent again freely; UNKNOWN may or may not have reached the carrier. Each
result holds a window slot until ``release``, also over reconnects: that bounds what is in doubt after a crash.
Deliveries not acknowledged when the connection ends are sent again by the carrier.

Callbacks run inside the read: they must be quick and must not raise. They may call ``submit``, ``ack`` and ``release``.
"""

import asyncio
import contextlib
import random
import socket
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple, cast

from messaging.carriers.smpp import errors
from messaging.carriers.smpp.session import Alarm, Delivery, LinkState, Session, SessionOptions
from messaging.carriers.smpp.throttle import Throttle
from messaging.carriers.smpp.window import SubmitRequest, SubmitResult

__all__ = ["Client", "ClientOptions", "StateChange", "SubmitRequest", "SubmitResult", "Tls", "backoff"]

# A bind that lasted this long, or on which something was accepted, was a working one: the ladder starts anew.
STABLE_SECONDS = 5.0
CLOSE_SECONDS = 2.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Tls:
    """Certificates are always verified, by ``ca_file`` or the system's list; at least TLS 1.2."""

    server_name: str = ""
    ca_file: str | None = None
    certificate_file: str | None = None
    key_file: str | None = None

    def context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.ca_file)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.certificate_file:
            context.load_cert_chain(self.certificate_file, self.key_file)
        return context


@dataclass(frozen=True, kw_only=True, slots=True)
class ClientOptions:
    host: str
    port: int
    session: SessionOptions
    tls: Tls | None = None
    rate_max: float | None = None
    connect_seconds: float = 10.0
    backoff_min_seconds: float = 0.5
    backoff_max_seconds: float = 120.0
    refused_min_seconds: float = 5.0
    already_bound_seconds: float = 10.0
    local_address: tuple[str, int] | None = field(default=None)


class StateChange(NamedTuple):
    """``reason`` is a short stable code, '' while things go well; ``retry_seconds`` tells when a new try begins."""

    state: LinkState
    reason: str
    retry_seconds: float
    bind_status: int | None


def backoff(failures: int, *, least: float, most: float, chance: float) -> float:
    """Seconds to wait before try number ``failures`` + 1: doubling, of which half is chance (0..1)."""
    ceiling = min(most, least * 2.0 ** min(failures, 30))
    return ceiling * (0.5 + chance / 2)


def _ignore(_: object) -> None:
    return None


class Client:
    """See the module."""

    def __init__(
        self,
        options: ClientOptions,
        *,
        on_results: Callable[[list[SubmitResult]], object],
        on_deliveries: Callable[[list[Delivery]], object],
        on_state: Callable[[StateChange], object] = _ignore,
        on_window: Callable[[int], object] | None = None,
        on_alarms: Callable[[list[Alarm]], object] = _ignore,
        throttle: Throttle | None = None,
        chance: Callable[[], float] = random.random,
        sequence: int = 0,
    ) -> None:
        self.options = options
        self.session = Session(options.session, throttle=throttle or Throttle(options.rate_max), sequence=sequence)
        self.state = LinkState.DOWN
        self._on_results = on_results
        self._on_deliveries = on_deliveries
        self._on_state = on_state
        self._on_window = on_window
        self._on_alarms = on_alarms
        self._chance = chance
        self._free_told = 0
        self._failures = 0
        self._link: _Link | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due = 0.0
        self._task: asyncio.Task[None] | None = None
        self._connecting: asyncio.Task[_Link] | None = None
        self._stopping = asyncio.Event()
        self._flushing = False

    def start(self) -> None:
        """Begin connecting, and keep at it until ``close``."""
        assert self._task is None, "started twice"
        self._loop = asyncio.get_running_loop()
        self._task = self._loop.create_task(self._run())

    async def close(self, drain_seconds: float = 10.0) -> None:
        """Stop submitting, wait for responses and acknowledgements at most ``drain_seconds``, unbind, disconnect."""
        self._stopping.set()
        if self._task is None:
            return
        if self._link is not None:
            self.session.drain(self._loop.time(), drain_seconds)
            self._flush()
        elif self._connecting is not None:
            self._connecting.cancel()
        await self._task

    def submit(self, batch: Iterable[SubmitRequest]) -> None:
        """One socket write for the whole batch. Give at most ``free_window()``; what is over waits for free slots."""
        self.session.submit(batch, self._loop.time())
        self._flush()

    def release(self, count: int) -> None:
        """``count`` results are committed; their slots may be used again."""
        self.session.release(count, self._loop.time())
        self._flush()

    def ack(self, tokens: Iterable[int], status: int = errors.STATUS_OK) -> None:
        """Tell the carrier that these deliveries are stored; another ``status`` makes it send them again."""
        self.session.ack(tokens, status)
        self._flush()

    def free_window(self) -> int:
        return self.session.free_window()

    # The life of connections

    async def _run(self) -> None:
        while not self._stopping.is_set():
            self._tell(LinkState.CONNECTING)
            reason = await self._connection()
            if self._stopping.is_set():
                break
            wait = self._wait_after(reason)
            self._tell(LinkState.DOWN, reason, wait)
            self._failures += 1
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), wait)
        self._tell(LinkState.CLOSED, "closed")

    async def _connection(self) -> str:
        """One connection from beginning to end; the reason for its end."""
        self._connecting = self._loop.create_task(self._connect())
        try:
            link = await asyncio.wait_for(self._connecting, self.options.connect_seconds)
        except asyncio.CancelledError:
            if not self._stopping.is_set():
                raise
            return "closed"
        except TimeoutError:
            return "connect_timeout"
        except ssl.SSLError:
            return "tls_failed"
        except OSError:
            return "connect_failed"
        finally:
            self._connecting = None
        began = self._loop.time()
        if self._stopping.is_set():
            self.session.drain(began, 0)
            self._flush()
        reason = await link.ended
        lasted = self.session.bind_status == 0 and self._loop.time() - began >= STABLE_SECONDS
        if lasted or self.session.proven:
            self._failures = 0
        return reason

    async def _connect(self) -> "_Link":
        tls = self.options.tls
        _, link = await self._loop.create_connection(
            lambda: _Link(self),
            self.options.host,
            self.options.port,
            ssl=tls.context() if tls else None,
            server_hostname=(tls.server_name or self.options.host) if tls else None,
            local_addr=self.options.local_address,
        )
        return link

    def _wait_after(self, reason: str) -> float:
        options = self.options
        wait = backoff(
            self._failures,
            least=options.backoff_min_seconds,
            most=options.backoff_max_seconds,
            chance=self._chance(),
        )
        least = {"bind_refused": options.refused_min_seconds, "already_bound": options.already_bound_seconds}
        return max(wait, least.get(reason, 0.0))

    def _tell(self, state: LinkState, reason: str = "", retry_seconds: float = 0.0) -> None:
        if state is not self.state or reason:
            self.state = state
            self._on_state(StateChange(state, reason, retry_seconds, self.session.bind_status))

    # Called by the link

    def link_up(self, link: "_Link") -> None:
        self._link = link
        self.session.connected(self._loop.time())
        self._flush()

    def link_data(self, data: bytes) -> None:
        self.session.received(data, self._loop.time())
        self._flush()

    def link_writable(self, writable: bool) -> None:
        if writable:
            self.session.resumed(self._loop.time())
            self._flush()
        else:
            self.session.paused = True

    def link_down(self) -> None:
        self._link = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.session.lost(self._loop.time())
        self._flush()

    # Moving what has gathered

    def _flush(self) -> None:
        """Write, hand over, arm the timer. A callback that calls back in only adds to what this loop moves."""
        if self._flushing:
            return
        self._flushing = True
        try:
            self._write()
            while self._hand_over():
                self._write()
        finally:
            self._flushing = False
        link = self._link
        if link is not None and self.session.closing:
            link.close(self.session.closing)
        else:
            self._arm()
        self._tell_window()

    def _write(self) -> None:
        output = self.session.take_output()
        if output and self._link is not None:
            self._link.write(output)

    def _hand_over(self) -> bool:
        session = self.session
        moved = False
        if session.state is not self.state and session.state is not LinkState.DOWN:
            self._tell(session.state)
        if session.results:
            results, session.results = session.results, []
            self._on_results(results)
            moved = True
        if session.deliveries:
            deliveries, session.deliveries = session.deliveries, []
            self._on_deliveries(deliveries)
            moved = True
        if session.alarms:
            alarms, session.alarms = session.alarms, []
            self._on_alarms(alarms)
        return moved

    def _tell_window(self) -> None:
        if self._on_window is None:
            return
        free, before = self.session.free_window(), self._free_told
        self._free_told = free
        if free > before:
            self._on_window(free)

    def _arm(self) -> None:
        """A timer that would fire early is left alone: it looks again then. So most writes and reads touch none."""
        due = self.session.deadline(self._loop.time())
        if due is None or (self._timer is not None and self._timer_due <= due):
            return
        if self._timer is not None:
            self._timer.cancel()
        # Remembered here, because uvloop's handle of a time already past does not know it.
        self._timer_due = due
        self._timer = self._loop.call_at(due, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self.session.tick(self._loop.time())
        self._flush()


class _Link(asyncio.Protocol):
    """One TCP connection of a client."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._transport: asyncio.Transport | None = None
        self._reason = ""
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._tune(transport.get_extra_info("socket"))
        self._client.link_up(self)

    def data_received(self, data: bytes) -> None:
        self._client.link_data(data)

    def pause_writing(self) -> None:
        self._client.link_writable(False)

    def resume_writing(self) -> None:
        self._client.link_writable(True)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._client.link_down()
        if not self.ended.done():
            self.ended.set_result(self._reason or ("connection_reset" if exc else "connection_closed"))

    def write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def close(self, reason: str) -> None:
        """Close; a peer that does not take the last bytes in time is cut off instead of being waited for for ever."""
        if self._reason or self._transport is None:
            return
        self._reason = reason
        if reason in ("enquire_timeout", "bind_timeout"):
            self._transport.abort()
            return
        self._transport.close()
        asyncio.get_running_loop().call_later(CLOSE_SECONDS, self._transport.abort)

    def _tune(self, sock: socket.socket | None) -> None:
        if sock is None:
            return
        options = self._client.options.session
        patience = options.enquire_seconds + options.response_seconds
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(patience * 1000))
