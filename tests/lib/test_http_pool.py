import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from smsplatform.lib.http import ForbiddenUrl, Unreachable
from smsplatform.lib.http_pool import PostPool

LOOPBACK = ("127.0.0.1",)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]


class Told(AbstractResolver):
    """Resolves every name to the addresses given."""

    def __init__(self, *addresses: str) -> None:
        self.addresses, self.asked = addresses, 0

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        self.asked += 1
        return [
            ResolveResult(hostname=host, host=one, port=port, family=socket.AF_INET, proto=0, flags=0)
            for one in self.addresses
        ]

    async def close(self) -> None:
        return None


class Server:
    """Answers each request with the next of ``answers``; an answer of None hangs up. Counts connections."""

    def __init__(self, *answers: bytes | None, close_after: bool = False) -> None:
        self.answers, self.close_after = list(answers), close_after
        self.connections, self.requests = 0, list[bytes]()
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
                self.requests.append(head + await reader.readexactly(length))
                answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                if answer is None:
                    break
                writer.write(answer)
                if self.close_after:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def running(*answers: bytes | None, close_after: bool = False) -> AsyncIterator[Server]:
    made = Server(*answers, close_after=close_after)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook?a=b"
    async with server:
        yield made


async def post(pool: PostPool, url: str) -> tuple[int, str]:
    answer = await pool.post(url, body=b"{}", headers={"webhook-id": "evt_1"})
    return answer.status, answer.retry_after


def test_a_request_says_what_it_should_and_the_connection_is_kept() -> None:
    async def run() -> None:
        async with running(OK) as server:
            pool = PostPool(allowed_hosts=LOOPBACK)
            assert [await post(pool, server.url) for _ in range(3)] == [(200, "")] * 3
            await pool.close()
        assert server.connections == 1
        head = server.requests[0].decode()
        assert head.startswith("POST /hook?a=b HTTP/1.1\r\nHost: 127.0.0.1:")
        assert "\r\nwebhook-id: evt_1\r\nContent-Length: 2\r\n\r\n{}" in head

    asyncio.run(run())


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"HTTP/1.1 204 No Content\r\n\r\n", (204, "")),
        (b"HTTP/1.1 429 Slow\r\nRetry-After: 17\r\nContent-Length: 0\r\n\r\n", (429, "17")),
        (b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n", (302, "")),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", (200, "")),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, (200, "")),
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", (200, "")),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n" + b"x" * 100_000, (200, "")),
    ],
)
def test_answers_of_every_form_are_read(answer: bytes, expected: tuple[int, str]) -> None:
    async def run() -> None:
        async with running(answer, close_after=b"HTTP/1.0" in answer) as server:
            pool = PostPool(allowed_hosts=LOOPBACK, timeout_seconds=5)
            assert await post(pool, server.url) == expected
            assert await post(pool, server.url) == expected
            await pool.close()

    asyncio.run(run())


def test_the_name_of_this_machine_may_be_allowed_with_its_addresses() -> None:
    async def run() -> None:
        async with running(OK) as server:
            url = server.url.replace("127.0.0.1", "localhost")
            allowed = PostPool(allowed_hosts=("localhost", "127.0.0.1", "::1"))
            assert (await post(allowed, url))[0] == 200
            with pytest.raises(ForbiddenUrl):
                await post(PostPool(allowed_hosts=LOOPBACK), url)
            await allowed.close()

    asyncio.run(run())


def test_a_connection_closed_while_idle_costs_nothing() -> None:
    async def run() -> None:
        async with running(OK, None, OK) as server:
            pool = PostPool(allowed_hosts=LOOPBACK)
            assert await post(pool, server.url) == (200, "")
            assert await post(pool, server.url) == (200, "")  # the second request is hung up on, and made again
            await pool.close()
        assert server.connections == 2

    asyncio.run(run())


@pytest.mark.parametrize(
    ("answer", "code"), [(b"SSH-2.0-OpenSSH\r\n", "protocol"), (None, "connection"), (b"", "timeout")]
)
def test_what_is_no_answer_is_named(answer: bytes | None, code: str) -> None:
    async def run() -> None:
        async with running(answer) as server:
            pool = PostPool(allowed_hosts=LOOPBACK, timeout_seconds=0.3)
            with pytest.raises(Unreachable) as found:
                await post(pool, server.url)
            await pool.close()
        assert found.value.code == code

    asyncio.run(run())


def test_nobody_listening_is_a_connection_error() -> None:
    async def run() -> None:
        with pytest.raises(Unreachable) as found:
            await post(PostPool(allowed_hosts=LOOPBACK), "http://127.0.0.1:1/")
        assert found.value.code == "connection"

    asyncio.run(run())


@pytest.mark.parametrize("addresses", [("127.0.0.1",), ("93.184.216.34", "10.0.0.1"), ("169.254.169.254",), ("::1",)])
def test_a_public_name_with_a_private_address_is_refused(addresses: tuple[str, ...]) -> None:
    async def run() -> None:
        resolver = Told(*addresses)
        with pytest.raises(Unreachable) as found:
            await post(PostPool(allowed_hosts=LOOPBACK, resolver=resolver), "https://hooks.example.com/")
        assert found.value.code == "forbidden_address"
        assert resolver.asked == 1

    asyncio.run(run())


@pytest.mark.parametrize(
    "url", ["http://example.com/", "https://127.0.0.1/", "https://[::1]/", "https://a:b@example.com/"]
)
def test_a_url_that_may_not_be_called_is_refused_before_anything_is_resolved(url: str) -> None:
    async def run() -> None:
        resolver = Told("93.184.216.34")
        with pytest.raises(ForbiddenUrl):
            await post(PostPool(resolver=resolver), url)
        assert not resolver.asked

    asyncio.run(run())


def test_a_header_cannot_break_out_of_its_line() -> None:
    async def run() -> None:
        pool = PostPool(allowed_hosts=LOOPBACK)
        with pytest.raises(ValueError, match="line break"):
            await pool.post("http://127.0.0.1:1/", body=b"", headers={"a": "b\r\nc: d"})

    asyncio.run(run())
