"""Outbound HTTP: to addresses that customers give us, and to recipients we chose ourselves.

A customer's URL is hostile until shown otherwise (server-side request forgery). ``check_url`` refuses what is not a
plain https URL of a public host; ``GuardedSession`` resolves the name itself, refuses the request if any of the
addresses is not public, and checks once more the very address a socket is about to be connected to. Nothing is looked
up twice, so an answer that changes in between (DNS rebinding) changes nothing. Redirects are not followed, answers
are read to a small size, everything ends after 15 seconds. Errors carry a code and never the URL.
"""

import asyncio
import re
import socket
import ssl
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from smsplatform.lib.addresses import is_public

TIMEOUT_SECONDS = 15.0
BODY_MAX = 64 * 1024
URL_MAX = 2000
USER_AGENT = "smsplatform-webhooks/1"

_URL = re.compile(r"(https?)://([^/?#]+)((?:[/?][^#]*)?)", re.IGNORECASE)
_AUTHORITY = re.compile(r"(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]+))(?::([0-9]{1,5}))?", re.ASCII)
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_VISIBLE = re.compile(r"[!-\[\]-~]+", re.ASCII)  # neither white space nor a backslash, which some parsers read as /
_NUMERIC = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)", re.ASCII)
_PORTS = {"https": 443, "http": 80}
# Names that never lead to the public internet (RFC 6761, RFC 8375 and usage); their addresses would be refused, too.
_LOCAL = frozenset({"localhost", "local", "internal", "intranet", "lan", "home", "corp", "private", "onion", "arpa"})


class ForbiddenUrl(ValueError):
    """Nothing will be sent to this URL. ``code`` is a key of ``smsplatform.lib.api.problems.CODES``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class ForbiddenAddress(OSError):
    """The host has an address that is not on the public internet."""


class Unreachable(Exception):
    """No answer. ``code``: timeout, dns, forbidden_address, tls, connection, protocol."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """A URL that was taken apart once; the request is made from these parts and nothing is parsed again."""

    url: URL
    host: str
    port: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """An answer: ``body`` is cut at the limit, ``headers`` have lower-case names."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    seconds: float


def check_url(url: str, *, allowed_hosts: Collection[str] = ()) -> Target:
    """Take ``url`` apart; raises ``ForbiddenUrl``: url_invalid, url_not_https, url_forbidden_port or _address.

    ``allowed_hosts`` (host names or addresses, for demonstrations on one machine) may have any port and plain http.
    """
    return _check(url, frozenset(allowed_hosts))


@lru_cache(maxsize=4096)
def _check(url: str, allowed_hosts: frozenset[str]) -> Target:
    scheme, host, port = _parts(url)
    if host not in allowed_hosts:
        if scheme != "https":
            raise ForbiddenUrl("url_not_https")
        if _is_local(host):
            raise ForbiddenUrl("url_forbidden_address")
        if port != _PORTS["https"]:
            raise ForbiddenUrl("url_forbidden_port")
    target = Target(url=URL(url, encoded=True), host=host, port=port)
    # The HTTP client reads the URL with its own parser; two opinions about the host are one too many.
    if (target.url.scheme, (target.url.raw_host or "").lower(), target.url.port) != (scheme, host, port):
        raise ForbiddenUrl("url_invalid")
    return target


def _parts(url: str) -> tuple[str, str, int]:
    match = _URL.fullmatch(url) if len(url) <= URL_MAX and _VISIBLE.fullmatch(url) else None
    authority = _AUTHORITY.fullmatch(match[2]) if match else None
    if match is None or authority is None:
        raise ForbiddenUrl("url_invalid")
    scheme = match[1].lower()
    port = int(authority[3]) if authority[3] else _PORTS[scheme]
    if not 0 < port < 65536:
        raise ForbiddenUrl("url_invalid")
    return scheme, _literal(authority[1], IPv6Address) if authority[1] else _host(authority[2].lower()), port


def _host(name: str) -> str:
    labels = name.split(".")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise ForbiddenUrl("url_invalid")
    # 2130706433, 0x7f.1 and 0177.0.0.1 are loopback to many resolvers: a host that ends in a number is four plain ones.
    return _literal(name, IPv4Address) if _NUMERIC.fullmatch(labels[-1]) else name


def _literal(text: str, kind: type[IPv4Address | IPv6Address]) -> str:
    try:
        return str(kind(text))
    except ValueError:
        raise ForbiddenUrl("url_invalid") from None


def _is_local(host: str) -> bool:
    if _is_literal(host):
        return not is_public(host)
    labels = host.split(".")
    return len(labels) == 1 or labels[-1] in _LOCAL


def _is_literal(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


# --- Connecting -------------------------------------------------------------------------------------


class GuardedResolver(AbstractResolver):
    """Resolves a name once and hands on its addresses only if every one of them may be connected to."""

    def __init__(self, allowed_hosts: Iterable[str] = (), *, inner: AbstractResolver | None = None) -> None:
        self._allowed = frozenset(allowed_hosts)
        self._inner = inner or aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of ``host``; raises ``ForbiddenAddress``."""
        found = await self._inner.resolve(host, port, family)
        # A name that was not allowed must not lead to an address that was: that would be rebinding, too.
        allowed = self._allowed if host.lower() in self._allowed else frozenset[str]()
        if not found or not all(one["host"] in allowed or is_public(one["host"]) for one in found):
            raise ForbiddenAddress("an address of the host is not public")
        return found

    async def close(self) -> None:
        """Release the resolver underneath."""
        await self._inner.close()


class GuardedSession:
    """A pool of connections to customers' hosts; belongs to one event loop.

    With ``only`` it talks to these hosts and to no others.
    """

    def __init__(
        self,
        *,
        allowed_hosts: Iterable[str] = (),
        only: Iterable[str] | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
        body_max: int = BODY_MAX,
        connections_max: int = 200,
        connections_per_host_max: int = 20,
        resolver: AbstractResolver | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._allowed = frozenset(allowed_hosts)
        self._only = None if only is None else frozenset(only)
        self._body_max = body_max
        connector = aiohttp.TCPConnector(
            limit=connections_max,
            limit_per_host=connections_per_host_max,
            resolver=GuardedResolver(self._allowed, inner=resolver),
            use_dns_cache=False,  # a new connection asks again and checks again
            socket_factory=self._socket,
            ssl=ssl_context or True,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(total=timeout_seconds),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,  # what we read is bounded as it comes, so nothing can unfold
            trust_env=False,
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity"},
        )

    def _socket(self, info: tuple[Any, ...]) -> socket.socket:
        """The last word: every connection begins here, with the address it is made to, literals in URLs included."""
        family, kind, protocol, _, address = info
        if address[0] not in self._allowed and not is_public(address[0]):
            raise ForbiddenAddress("the address is not public")
        return socket.socket(family, kind, protocol)

    async def post(self, url: str, *, body: bytes, headers: Mapping[str, str] | None = None) -> Reply:
        """Send ``body``; raises ``ForbiddenUrl`` or ``Unreachable``. Any status is a reply, redirects included."""
        return await self.request("POST", url, body=body, headers=headers)

    async def request(
        self, method: str, url: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """One request and its answer; see ``post``."""
        target = check_url(url, allowed_hosts=self._allowed)
        if self._only is not None and target.host not in self._only:
            raise ForbiddenUrl("url_forbidden_address")
        started = time.perf_counter()
        try:
            async with self._session.request(
                method, target.url, data=body, headers=headers, allow_redirects=False
            ) as response:
                content = await _read(response, self._body_max)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise Unreachable(_code(error)) from None
        return Reply(
            status=response.status,
            body=content,
            headers={name.lower(): value for name, value in response.headers.items()},
            seconds=time.perf_counter() - started,
        )

    async def close(self) -> None:
        """Close every connection."""
        await self._session.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


def guarded_session(*, allowed_hosts: Iterable[str] = (), **options: Any) -> GuardedSession:
    """A session for customers' URLs; needs a running event loop. Options as of ``GuardedSession``."""
    return GuardedSession(allowed_hosts=allowed_hosts, **options)


class Egress:
    """Our own requests go to registered recipients and to nobody else: the list is what the privacy policy names."""

    def __init__(self) -> None:
        self._purposes: dict[str, str] = {}

    def register(self, host: str, *, purpose: str) -> None:
        """Allow ``host``, and say what for."""
        self._purposes[host.lower()] = purpose

    @property
    def recipients(self) -> Mapping[str, str]:
        """Host → purpose."""
        return dict(self._purposes)

    def check(self, url: str) -> Target:
        """Take ``url`` apart; raises ``ForbiddenUrl`` unless its host is registered and its address proper."""
        target = check_url(url)
        if target.host not in self._purposes:
            raise ForbiddenUrl("url_forbidden_address")
        return target

    def session(self, **options: Any) -> GuardedSession:
        """A session that reaches the recipients registered so far."""
        return GuardedSession(only=self._purposes, **options)


egress = Egress()


async def _read(response: aiohttp.ClientResponse, most: int) -> bytes:
    """At most ``most`` bytes; a longer answer is cut and its connection not used again."""
    found = bytearray()
    async for chunk in response.content.iter_any():
        found += chunk
        if len(found) >= most:
            response.close()
            break
    return bytes(found[:most])


def _code(error: BaseException) -> str:
    """What stopped the request, in one word. The order matters: the client's errors inherit from several of these."""
    chain = _causes(error)
    if any(isinstance(one, ForbiddenAddress) for one in chain):
        return "forbidden_address"
    if isinstance(error, asyncio.TimeoutError | TimeoutError):
        return "timeout"
    if isinstance(error, aiohttp.ClientConnectorDNSError | socket.gaierror):
        return "dns"
    if isinstance(error, aiohttp.ClientSSLError | ssl.SSLError):
        return "tls"
    return "connection" if isinstance(error, OSError | aiohttp.ClientConnectionError) else "protocol"


def _causes(error: BaseException | None) -> list[BaseException]:
    """The exception, what caused it, and what the client keeps inside of it."""
    found: list[BaseException] = []
    waiting = [error]
    while waiting:
        one = waiting.pop()
        if one is None or one in found or len(found) > 20:
            continue
        found.append(one)
        waiting += [one.__cause__, one.__context__, getattr(one, "os_error", None)]
        waiting += getattr(one, "exceptions", ())
    return found
