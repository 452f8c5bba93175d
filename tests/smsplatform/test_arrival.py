"""Requests that never end, over a socket of the server that runs in production."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Generator
from typing import Any

import pytest
import uvicorn
from django.core.asgi import get_asgi_application

from messaging.gate import Gate
from smsplatform.arrival import Arrival

DOORS = ["/v1/messages", "/v1/messages/batch", "/v1/templates", "/sign-in", "/nowhere"]
Answer = tuple[int, dict[str, str], bytes]


@pytest.fixture(scope="module")
def port() -> Generator[int]:
    django: Any = get_asgi_application()
    app: Any = Arrival(Gate(django), seconds=0.5)
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, loop="uvloop", http="httptools", ws="none", access_log=False, log_config=None
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join(10)


def connected(port: int, path: str, length: int) -> socket.socket:
    """A POST of which the headers have been sent."""
    line = socket.create_connection(("127.0.0.1", port), timeout=10)
    head = f"POST {path} HTTP/1.1\r\nHost: testserver\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n"
    line.sendall(f"{head}Authorization: Bearer sk_test_nobody\r\n\r\n".encode())
    return line


def until_closed(line: socket.socket) -> Answer:
    """What the server says until it hangs up."""
    found = b""
    try:
        while part := line.recv(65536):
            found += part
    finally:
        line.close()
    head, _, body = found.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    return int(first.split()[1]), {k.lower(): v for k, v in (one.split(": ", 1) for one in lines)}, body


def test_who_stops_in_the_middle_is_hung_up_on(port: int) -> None:
    lines = [(path, connected(port, path, 100)) for path in DOORS * 2]
    for _, line in lines[::2]:
        line.sendall(b'{"to":')

    for path, line in lines:
        status, headers, body = until_closed(line)
        assert (status, headers["connection"], headers["content-type"]) == (408, "close", "application/problem+json")
        assert json.loads(body)["code"] == "request_timeout"
        assert ("api-version" in headers) is path.startswith("/v1/")


def test_who_sends_a_byte_now_and_then_gets_no_longer(port: int) -> None:
    line = connected(port, "/v1/messages", 10_000)
    for _ in range(20):  # 100 ms apart: five arrive in time
        try:
            line.sendall(b" ")
        except OSError:
            break
        time.sleep(0.1)

    status, _, _ = until_closed(line)

    assert status == 408


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/templates"])
def test_a_body_in_pieces_is_a_body(port: int, path: str) -> None:
    line = connected(port, path, 2)
    line.sendall(b"{")
    time.sleep(0.05)
    line.sendall(b"}")

    assert line.recv(12) == b"HTTP/1.1 401"
    line.close()


def test_nobody_takes_in_more_than_there_is_room_for() -> None:
    told: list[Any] = []

    async def reading(scope: Any, receive: Any, send: Any) -> None:
        while (await receive())["more_body"]:
            pass

    async def receive() -> Any:
        return {"type": "http.request", "body": b" " * 100_000, "more_body": True}

    async def send(message: Any) -> None:
        told.append(message)

    asyncio.run(Arrival(reading, bytes_max=5_000_000)({"type": "http", "path": "/v1/templates"}, receive, send))

    assert (told[0]["status"], json.loads(told[1]["body"])["code"]) == (413, "body_too_large")
    assert (b"connection", b"close") in told[0]["headers"]


def test_an_answer_may_take_longer_than_its_request() -> None:
    told: list[Any] = []

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        assert (await receive())["body"] == b"{}"
        told.append(await receive())  # a connection that ends later

    async def run() -> None:
        came = iter([{"type": "http.request", "body": b"{}"}, {"type": "http.disconnect"}])

        async def receive() -> Any:
            await asyncio.sleep(0.05)
            return next(came)

        async def send(_: Any) -> None:
            raise AssertionError("nothing to say")

        await Arrival(slow, seconds=0.08)({"type": "http", "path": "/"}, receive, send)

    asyncio.run(run())

    assert told == [{"type": "http.disconnect"}]
