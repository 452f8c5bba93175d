import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from smsplatform.lib.addresses import is_public
from smsplatform.lib.api.problems import CODES
from smsplatform.lib.http import Egress, ForbiddenUrl, GuardedSession, Reply, Unreachable, check_url, guarded_session

HERE = Path(__file__).parent
ADDRESSES = (HERE / "forbidden_addresses.txt").read_text().split()
PUBLIC_ADDRESSES = (HERE / "public_addresses.txt").read_text().split()
SPELLINGS = (HERE / "hostile_urls.txt").read_text().split()
ODD = [
    "",
    " https://example.com/",
    "https://example.com/ ",
    "https://exam ple.com/",
    "https://example.com\t/",
    "https://example.com\n/",
    "https://example.com\r\nHost: 127.0.0.1/",
    "https://example.com/\x00",
    "https://example.com/a b",
    "https://bücher.example/",
    "https://ⓔⓧⓐⓜⓟⓛⓔ.com/",
    "https://①②⑦.⓪.⓪.①/",
    "https://127。0。0。1/",
    "https://example。com/",
    "https://example.com\u200b/",
    "https://ｅxample.com/",
    "https://" + "a" * 64 + ".com/",
    "https://" + "a." * 130 + "com/",
    "https://example.com/" + "x" * 2000,
]

CORPUS = [
    *(f"https://{f'[{address}]' if ':' in address else address}/hook" for address in ADDRESSES),
    *SPELLINGS,
    *ODD,
]


def test_the_corpus_is_large_and_its_codes_are_documented() -> None:
    codes = set()
    for url in CORPUS:
        with pytest.raises(ForbiddenUrl) as caught:
            check_url(url)
        codes.add(caught.value.code)

    assert len(CORPUS) == len(set(CORPUS)) >= 150
    assert codes == {"url_invalid", "url_not_https", "url_forbidden_port", "url_forbidden_address"}
    assert codes < set(CODES)


@pytest.mark.parametrize("url", CORPUS, ids=range(len(CORPUS)))
def test_a_hostile_url_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(ForbiddenUrl) as caught:
        check_url(url)

    assert len(url) < 4 or url not in str(caught.value)


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_off_the_public_internet_is_recognised(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC_ADDRESSES)
def test_a_public_address_is_recognised_in_every_wrapping(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "text", ["", "example.com", "127.1", "0x7f000001", "fe80::1%eth0", "2606:4700::1%1", "1.1.1.1 "]
)
def test_what_is_no_plain_address_is_not_public(text: str) -> None:
    assert not is_public(text)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://example.com", "example.com"),
        ("https://example.com/", "example.com"),
        ("HTTPS://EXAMPLE.com:443/a/b?c=d&e=%20f", "example.com"),
        ("https://example.com?x=1", "example.com"),
        ("https://xn--bcher-kva.example/hook", "xn--bcher-kva.example"),
        ("https://a-b.c1.example.co.uk/", "a-b.c1.example.co.uk"),
        ("https://127.0.0.1.example.com/", "127.0.0.1.example.com"),
        ("https://8.8.8.8/", "8.8.8.8"),
        ("https://[2606:4700:4700::1111]/", "2606:4700:4700::1111"),
        ("https://example.com/@user:pw", "example.com"),
    ],
)
def test_an_ordinary_address_is_accepted(url: str, host: str) -> None:
    target = check_url(url)

    assert (target.host, target.port, target.url.scheme) == (host, 443, "https")


def test_an_allowed_host_may_use_http_and_any_port_and_only_it() -> None:
    allowed = ["127.0.0.1", "::1"]

    assert check_url("http://127.0.0.1:9000/x", allowed_hosts=allowed).port == 9000
    assert check_url("http://[::1]:9000/x", allowed_hosts=allowed).host == "::1"
    for url in (
        "http://127.0.0.2:9000/",
        "http://localhost:9000/",
        "http://127.0.0.1.example.com/",
        "http://127.1:9000/",
    ):
        with pytest.raises(ForbiddenUrl):
            check_url(url, allowed_hosts=allowed)


# --- On the wire --------------------------------------------------------------------------------------

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Names(AbstractResolver):
    """A resolver whose answers change: each look-up of a name gives the next list of addresses."""

    def __init__(self, **answers: list[list[str]]) -> None:
        self.answers = {name.replace("_", "."): lists for name, lists in answers.items()}
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        found = self.answers[host][0]
        if len(self.answers[host]) > 1:
            del self.answers[host][0]
        if not found:
            raise OSError(socket.EAI_NONAME, "no such name")
        return [
            ResolveResult(hostname=host, host=one, port=port, family=_family(one), proto=0, flags=0) for one in found
        ]

    async def close(self) -> None: ...


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


class Sink:
    """A server that counts connections and answers every request with the same bytes."""

    def __init__(self, answer: bytes = b"HTTP/1.1 204 No Content\r\n\r\n", *, wait_seconds: float = 0.0) -> None:
        self.answer = answer
        self.wait_seconds = wait_seconds
        self.connections = 0
        self.requests: list[bytes] = []
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = next(
                    (
                        int(line.split(b":")[1])
                        for line in head.split(b"\r\n")
                        if line.lower().startswith(b"content-length")
                    ),
                    0,
                )
                self.requests.append(head + await reader.readexactly(length))
                await asyncio.sleep(self.wait_seconds)
                writer.write(self.answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def listening(sink: Sink, host: str = "127.0.0.1") -> AsyncIterator[Sink]:
    server = await asyncio.start_server(sink.serve, host, 0)
    sink.port = server.sockets[0].getsockname()[1]
    try:
        yield sink
    finally:
        server.close()


def post(url: str, **options: Any) -> Reply:
    """One request through a guarded session of its own."""

    async def run() -> Reply:
        async with guarded_session(**options) as session:
            return await session.post(url, body=b"{}")

    return asyncio.run(run())


def post_to(sink: Sink, *, host: str = "127.0.0.1", **options: Any) -> Reply:
    async def run() -> Reply:
        async with listening(sink), guarded_session(**options) as session:
            return await session.post(f"http://{host}:{sink.port}/hook", body=b"{}", headers={"webhook-id": "evt_1"})

    return asyncio.run(run())


def unreachable(call: Callable[[], object]) -> str:
    with pytest.raises(Unreachable) as caught:
        call()
    return caught.value.code


def test_a_request_reaches_an_allowed_host_with_body_and_headers() -> None:
    sink = Sink(b"HTTP/1.1 200 OK\r\nRetry-After: 5\r\nContent-Length: 2\r\n\r\nok")

    reply = post_to(sink, allowed_hosts=["127.0.0.1"])

    assert (reply.status, reply.body, reply.headers["retry-after"]) == (200, b"ok", "5")
    assert sink.requests[0].startswith(b"POST /hook HTTP/1.1\r\n")
    assert b"webhook-id: evt_1" in sink.requests[0]
    assert b"User-Agent: smsplatform-webhooks/1" in sink.requests[0]
    assert sink.requests[0].endswith(b"{}")


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "64:ff9b::7f00:1", "100.64.0.1"]
)
def test_a_name_that_leads_to_a_private_address_is_not_connected_to(address: str) -> None:
    names = Names(hook_example=[[address]])

    assert unreachable(lambda: post("https://hook.example/", resolver=names)) == "forbidden_address"
    assert names.asked == ["hook.example"]


def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    names = Names(hook_example=[["93.184.216.34", "2606:4700::1", "127.0.0.1"]])

    assert unreachable(lambda: post("https://hook.example/", resolver=names)) == "forbidden_address"


def test_an_answer_that_changes_after_the_check_is_never_used() -> None:
    names = Names(hook_test=[["127.0.0.1"], ["127.0.0.66"]])
    sink, trap = Sink(), Sink()

    async def run() -> Reply:
        async with listening(sink), listening(trap, "127.0.0.66"):
            trap_port, trap.port = trap.port, sink.port
            assert trap_port
            async with guarded_session(allowed_hosts=["hook.test", "127.0.0.1"], resolver=names) as session:
                return await session.post(f"http://hook.test:{sink.port}/", body=b"{}")

    assert asyncio.run(run()).status == 204
    assert names.asked == ["hook.test"]
    assert (sink.connections, trap.connections) == (1, 0)


def test_a_name_that_flips_to_loopback_between_two_requests_is_refused_the_second_time() -> None:
    names = Names(hook_test=[["127.0.0.1"], ["127.0.0.66"]])
    sink = Sink(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")

    async def run() -> str:
        async with (
            listening(sink),
            guarded_session(allowed_hosts=["hook.test", "127.0.0.1"], resolver=names) as session,
        ):
            await session.post(f"http://hook.test:{sink.port}/", body=b"{}")
            with pytest.raises(Unreachable) as caught:
                await session.post(f"http://hook.test:{sink.port}/", body=b"{}")
            return caught.value.code

    assert asyncio.run(run()) == "forbidden_address"
    assert sink.connections == 1


def test_a_foreign_name_may_not_borrow_the_address_of_an_allowed_host() -> None:
    names = Names(evil_example=[["127.0.0.1"]])

    assert unreachable(lambda: post("https://evil.example/", allowed_hosts=["127.0.0.1"], resolver=names)) == (
        "forbidden_address"
    )


def test_the_socket_itself_refuses_what_the_resolver_let_through() -> None:
    class Careless(GuardedSession):
        pass

    async def run() -> None:
        async with Careless() as session:
            for address in ("127.0.0.1", "::1", "169.254.169.254"):
                with pytest.raises(OSError, match="not public"):
                    session._socket((_family(address), socket.SOCK_STREAM, 0, "", (address, 443)))

    asyncio.run(run())


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer_and_is_not_followed(status: int) -> None:
    sink = Sink(f"HTTP/1.1 {status} Moved\r\nLocation: http://127.0.0.1/x\r\nContent-Length: 0\r\n\r\n".encode())

    reply = post_to(sink, allowed_hosts=["127.0.0.1"])

    assert reply.status == status
    assert len(sink.requests) == 1


def test_a_long_answer_is_cut() -> None:
    sink = Sink(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n" + b"x" * 300_000)

    reply = post_to(sink, allowed_hosts=["127.0.0.1"], body_max=1000)

    assert (reply.status, len(reply.body)) == (200, 1000)


def test_a_compressed_answer_is_not_unfolded() -> None:
    sink = Sink(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00")

    assert post_to(sink, allowed_hosts=["127.0.0.1"]).body == b"\x1f\x8b\x08\x00"


def test_a_slow_host_runs_into_the_time_limit() -> None:
    sink = Sink(wait_seconds=1.0)

    assert unreachable(lambda: post_to(sink, allowed_hosts=["127.0.0.1"], timeout_seconds=0.1)) == "timeout"


def test_what_kept_a_request_from_its_answer_has_a_code() -> None:
    free = socket.create_server(("127.0.0.1", 0))
    port = free.getsockname()[1]
    free.close()

    assert unreachable(lambda: post(f"http://127.0.0.1:{port}/", allowed_hosts=["127.0.0.1"])) == "connection"
    assert unreachable(lambda: post("https://gone.example/", resolver=Names(gone_example=[[]]))) == "dns"
    assert unreachable(lambda: post_to(Sink(b"SSH-2.0-OpenSSH\r\n\r\n"), allowed_hosts=["127.0.0.1"])) == "protocol"


def test_a_host_without_tls_is_named_so() -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()

    async def run() -> None:
        server = await asyncio.start_server(plain, "127.0.0.1", 0)
        async with guarded_session(allowed_hosts=["127.0.0.1"], timeout_seconds=5) as session:
            try:
                await session.post(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/", body=b"{}")
            finally:
                server.close()

    assert unreachable(lambda: asyncio.run(run())) == "tls"


def test_certificates_are_verified() -> None:
    async def run() -> ssl.SSLContext | bool | Any:
        async with guarded_session() as session:
            connector = session._session.connector
            return connector._ssl  # type: ignore[union-attr]  # the connector is there until the session is closed

    assert asyncio.run(run()) is True


def test_our_own_requests_reach_registered_recipients_only() -> None:
    egress = Egress()
    egress.register("api.pay.example", purpose="card payments")

    assert egress.check("https://api.pay.example/v1/charges").host == "api.pay.example"
    assert egress.recipients == {"api.pay.example": "card payments"}
    for url in ("https://pay.example/", "https://x.api.pay.example/", "http://api.pay.example/"):
        with pytest.raises(ForbiddenUrl):
            egress.check(url)


def test_a_session_for_registered_recipients_refuses_all_others_before_any_look_up() -> None:
    egress, names = Egress(), Names(other_example=[["93.184.216.34"]])
    egress.register("api.pay.example", purpose="card payments")

    async def run() -> None:
        async with egress.session(resolver=names) as session:
            await session.request("GET", "https://other.example/")

    with pytest.raises(ForbiddenUrl):
        asyncio.run(run())
    assert names.asked == []
