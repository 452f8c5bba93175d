"""POST at a quarter of the usual cost: kept-alive connections, bytes made by hand, answers read by httptools.

For webhooks, which are as many as messages. The guard is that of ``smsplatform.lib.http``: the URL is checked, the
name is resolved once and refused if any of its addresses is not public, and the socket is connected to the very
address that was checked. Redirects are not followed. Of the answer only the status and Retry-After are kept; a body
is read to its end, or given up with its connection when it is too long.
"""

import asyncio
import socket
import ssl
import time
from collections import deque
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple, cast

import httptools
from aiohttp.abc import AbstractResolver

from smsplatform.lib.addresses import is_public
from smsplatform.lib.http import (
    BODY_MAX,
    TIMEOUT_SECONDS,
    USER_AGENT,
    ForbiddenAddress,
    GuardedResolver,
    Target,
    Unreachable,
    check_url,
)

IDLE_SECONDS = 10.0  # many servers hang up after 15
NEVER = b""


class Answer(NamedTuple):
    """What the server said; ``retry_after`` as it stands in the header."""

    status: int
    retry_after: str


class PostPool:
    """Connections to customers' hosts; belongs to one event loop."""

    def __init__(
        self,
        *,
        allowed_hosts: Iterable[str] = (),
        timeout_seconds: float = TIMEOUT_SECONDS,
        connections_max: int = 2000,
        resolver: AbstractResolver | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._allowed = frozenset(allowed_hosts)
        self._timeout = timeout_seconds
        self._resolver = GuardedResolver(self._allowed, inner=resolver)
        self._ssl = ssl_context
        self._slots = asyncio.Semaphore(connections_max)
        self._idle: dict[str, deque[_Connection]] = {}
        self._sweeping: asyncio.TimerHandle | None = None

    async def post(self, url: str, *, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send ``body``; any status is an answer. Raises ``ForbiddenUrl``; ``Unreachable`` with http's codes."""
        target = check_url(url, allowed_hosts=self._allowed)
        request = b"%b%b%d\r\n\r\n%b" % (_head(target), _lines(headers), len(body), body)
        async with self._slots:
            try:
                return await self._exchange(target, request)
            except ForbiddenAddress:
                raise Unreachable("forbidden_address") from None
            except TimeoutError:
                raise Unreachable("timeout") from None
            except socket.gaierror:
                raise Unreachable("dns") from None
            except ssl.SSLError:
                raise Unreachable("tls") from None
            except OSError:
                raise Unreachable("connection") from None
            except (httptools.HttpParserError, httptools.HttpParserUpgrade, ValueError):
                raise Unreachable("protocol") from None

    async def _exchange(self, target: Target, request: bytes) -> Answer:
        """On a kept connection if there is one. The server may have hung up on it just now: then once more, anew."""
        key = f"{target.url.scheme}://{target.host}:{target.port}"
        kept = self._kept(key)
        if kept is not None:
            try:
                return await self._on(kept, key, request, self._timeout)
            except ConnectionError:
                if kept.heard:
                    raise
        deadline = time.monotonic() + self._timeout
        async with asyncio.timeout(self._timeout):
            fresh = await self._connect(target)
        return await self._on(fresh, key, request, deadline - time.monotonic())

    async def _on(self, connection: "_Connection", key: str, request: bytes, seconds: float) -> Answer:
        try:
            answer = await connection.exchange(request, seconds)
        except BaseException:
            connection.close()
            raise
        if connection.reusable:
            self._keep(key, connection)
        else:
            connection.close()
        return answer

    def _kept(self, key: str) -> "_Connection | None":
        """The connection used last, unless it has been idle too long; then all of its host have."""
        idle = self._idle.get(key)
        while idle:
            connection = idle.pop()
            if connection.open and time.monotonic() - connection.used_at < IDLE_SECONDS:
                return connection
            connection.close()
        return None

    def _keep(self, key: str, connection: "_Connection") -> None:
        connection.used_at = time.monotonic()
        self._idle.setdefault(key, deque()).append(connection)
        if self._sweeping is None:
            self._sweeping = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._sweep)

    def _sweep(self) -> None:
        """Close what was not used for a while; goes on while anything is kept."""
        before = time.monotonic() - IDLE_SECONDS
        for key, idle in list(self._idle.items()):
            while idle and (not idle[0].open or idle[0].used_at < before):
                idle.popleft().close()
            if not idle:
                del self._idle[key]
        self._sweeping = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._sweep) if self._idle else None

    async def _connect(self, target: Target) -> "_Connection":
        """To the first address that takes us; each is checked as it is connected to."""
        failure: OSError = ConnectionError("no address")
        for family, address in await self._addresses(target):
            if address[0] not in self._allowed and not is_public(address[0]):
                raise ForbiddenAddress("the address is not public")
            sock = socket.socket(family, socket.SOCK_STREAM)
            try:
                sock.setblocking(False)
                await asyncio.get_running_loop().sock_connect(sock, address)
                return await self._protocol(target, sock)
            except BaseException as error:
                sock.close()
                if not isinstance(error, OSError) or isinstance(error, TimeoutError | ssl.SSLError):
                    raise
                failure = error
        raise failure

    async def _protocol(self, target: Target, sock: socket.socket) -> "_Connection":
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        secure = target.url.scheme == "https"
        _, connection = await asyncio.get_running_loop().create_connection(
            _Connection, sock=sock, ssl=self._context() if secure else None,
            server_hostname=target.host if secure else None,
        )  # fmt: skip
        return connection

    def _context(self) -> ssl.SSLContext:
        if self._ssl is None:
            self._ssl = ssl.create_default_context()
        return self._ssl

    async def _addresses(self, target: Target) -> list[tuple[int, tuple[str, int]]]:
        host = target.host
        if ":" in host:
            return [(socket.AF_INET6, (host, target.port))]
        if host.rpartition(".")[2].isdigit():  # `check_url` lets only plain dotted quads end in a number
            return [(socket.AF_INET, (host, target.port))]
        found = await self._resolver.resolve(host, target.port, socket.AF_UNSPEC)
        return [(one["family"], (one["host"], one["port"])) for one in found]

    async def close(self) -> None:
        """Close every idle connection; those in use close with their requests."""
        if self._sweeping is not None:
            self._sweeping.cancel()
        for idle in self._idle.values():
            for connection in idle:
                connection.close()
        self._idle.clear()
        await self._resolver.close()


class _Connection(asyncio.Protocol):
    """One connection, one exchange at a time."""

    def __init__(self) -> None:
        self.open = self.reusable = self.heard = False
        self.used_at = 0.0
        self._waiter: asyncio.Future[Answer] | None = None
        self._loop = asyncio.get_running_loop()

    async def exchange(self, request: bytes, seconds: float) -> Answer:
        """Write the request, read the answer. Raises ConnectionError, TimeoutError and httptools' errors."""
        if not self.open:
            raise ConnectionError("closed")
        self.reusable = self.heard = False
        self._parser = httptools.HttpResponseParser(self)
        self._status, self._retry_after, self._length = 0, NEVER, 0
        self._waiter = self._loop.create_future()
        timer = self._loop.call_later(seconds, self._expire)
        self._transport.write(request)
        try:
            return await self._waiter
        finally:
            timer.cancel()

    def close(self) -> None:
        """Hang up."""
        self.open = False
        self._transport.abort()

    def _expire(self) -> None:
        self._fail(TimeoutError())

    def _fail(self, error: BaseException) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(error)

    def _finish(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(Answer(self._status, self._retry_after.decode("latin-1")))

    # Called by the transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.open = True

    def data_received(self, data: bytes) -> None:
        if self._waiter is None or self._waiter.done():
            self.close()  # nobody asked
            return
        self.heard = True
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._fail(error)

    def connection_lost(self, exc: Exception | None) -> None:
        self.open = self.reusable = False
        if self._status >= 200:  # a body without a length ends with its connection
            self._finish()
        self._fail(exc if isinstance(exc, OSError) else ConnectionError("hung up"))

    # Called by the parser

    def on_header(self, name: bytes, value: bytes) -> None:
        if len(name) == 11 and name.lower() == b"retry-after":
            self._retry_after = value

    def on_headers_complete(self) -> None:
        self._status = self._parser.get_status_code()

    def on_body(self, body: bytes) -> None:
        self._length += len(body)
        if self._length > BODY_MAX:
            self._finish()

    def on_message_complete(self) -> None:
        if self._status >= 200:  # else an interim answer: the real one follows
            self.reusable = self._parser.should_keep_alive()
            self._finish()


@lru_cache(maxsize=4096)
def _head(target: Target) -> bytes:
    url = target.url
    return (
        f"POST {url.raw_path_qs} HTTP/1.1\r\nHost: {url.raw_authority}\r\nUser-Agent: {USER_AGENT}\r\n"
        f"Accept: */*\r\nAccept-Encoding: identity\r\n"
    ).encode("ascii")


def _lines(headers: Mapping[str, str]) -> bytes:
    """The caller's headers, up to the length of the body."""
    text = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    if text.count("\n") != len(headers) or text.count("\r") != len(headers):
        raise ValueError("a header holds a line break")
    return f"{text}Content-Length: ".encode("latin-1")
