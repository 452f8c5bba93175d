"""The simulated carrier's remote control: a few JSON resources over HTTP/1.1, on loopback or a unix socket only.

GET  /numbers            the magic numbers
GET  /handsets           phones that received something
GET  /handsets/{number}  their messages, newest first
GET  /stats              counters
GET  /script             what the carrier does; POST an object with the options to change
POST /mo                 {"from": phone, "to": number, "text": ...}: a text from a phone
POST /drop, /unbind      cut every connection; ask every customer to leave
"""

import asyncio
import json
import urllib.parse
from collections.abc import Callable
from typing import Any

from messaging.sandbox.script import MAGIC_NUMBERS, ScriptError
from messaging.sandbox.smsc import Smsc
from smsplatform.lib.segments import SegmentError

BODY_MAX = 65536
HEADERS_MAX = 50
_REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed", 409: "Conflict"}

Answer = tuple[int, Any]


class _BadRequest(Exception):
    """The request is not one of ours."""


class Control:
    def __init__(self, smsc: Smsc) -> None:
        self._smsc = smsc
        self._server: asyncio.Server | None = None

    async def start(self, where: str) -> str:
        """Listen on ``host:port`` or a unix path; the address as it can be connected to."""
        host, colon, port = where.rpartition(":")
        if not colon or "/" in where:
            self._server = await asyncio.start_unix_server(self._serve, where)
            return where
        self._server = await asyncio.start_server(self._serve, host, int(port))
        return f"{host}:{self._server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                method, path, body, keep = await _read_request(reader)
                status, answer = self.answer(method, path, body)
                writer.write(_response(status, answer, keep=keep))
                await writer.drain()
                if not keep:
                    break
        except _BadRequest:
            writer.write(_response(400, {"error": "bad request"}, keep=False))
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # The caller left; there is nobody to tell.
        finally:
            writer.close()

    def answer(self, method: str, path: str, body: bytes) -> Answer:
        """Status and JSON of one request."""
        if path.startswith("/handsets/") and method == "GET":
            number = urllib.parse.unquote(path.removeprefix("/handsets/"))
            return 200, self._handset(number)
        handlers: dict[tuple[str, str], Callable[[], Answer]] = {
            ("GET", "/numbers"): lambda: (200, [magic._asdict() for magic in MAGIC_NUMBERS]),
            ("GET", "/handsets"): lambda: (200, self._smsc.handsets.numbers(self._smsc.now())),
            ("GET", "/stats"): lambda: (200, self._stats()),
            ("GET", "/script"): lambda: (200, self._smsc.script.to_json()),
            ("POST", "/script"): lambda: self._change_script(body),
            ("POST", "/mo"): lambda: self._send_text(body),
            ("POST", "/drop"): lambda: self._order(self._smsc.drop),
            ("POST", "/unbind"): lambda: self._order(self._smsc.unbind),
        }
        handler = handlers.get((method, path))
        if handler is None:
            return (405 if any(path == known for _, known in handlers) else 404), {"error": "no such resource"}
        return handler()

    def _handset(self, number: str) -> dict[str, Any]:
        messages = self._smsc.handsets.messages(number, self._smsc.now())
        return {"number": number.removeprefix("+"), "messages": [message.to_json() for message in messages]}

    def _stats(self) -> dict[str, int]:
        return {
            **self._smsc.stats,
            "bound": self._smsc.bound(),
            "waiting": self._smsc.deliveries.waiting(),
        }

    def _change_script(self, body: bytes) -> Answer:
        options = _object(body)
        if options is None:
            return 400, {"error": "a JSON object is wanted"}
        try:
            self._smsc.script = self._smsc.script.changed(options)
        except ScriptError as error:
            return 400, {"error": str(error)}
        return 200, self._smsc.script.to_json()

    def _send_text(self, body: bytes) -> Answer:
        fields = _object(body) or {}
        values = [fields.get(name) for name in ("from", "to", "text")]
        source, destination, text = values
        if not (isinstance(source, str) and isinstance(destination, str) and isinstance(text, str)):
            return 400, {"error": "from, to and text are wanted"}
        try:
            parts = self._smsc.send_text(source=source, destination=destination, text=text)
        except SegmentError as error:
            return 400, {"error": error.code}
        except LookupError:
            return 409, {"error": "nobody is bound to receive"}
        return 200, {"parts": parts}

    def _order(self, order: Callable[[], None]) -> Answer:
        order()
        return 200, {}


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(body)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


async def _read_request(reader: asyncio.StreamReader) -> tuple[str, str, bytes, bool]:
    request = (await reader.readuntil(b"\r\n")).decode("latin-1").split()
    if len(request) != 3 or not request[2].startswith("HTTP/1."):
        raise _BadRequest
    headers: dict[str, str] = {}
    for _ in range(HEADERS_MAX):
        name, colon, value = (await reader.readuntil(b"\r\n")).decode("latin-1").partition(":")
        if not colon:
            break
        headers[name.strip().lower()] = value.strip()
    else:
        raise _BadRequest
    length = headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > BODY_MAX or "transfer-encoding" in headers:
        raise _BadRequest
    body = await reader.readexactly(int(length))
    keep = request[2] == "HTTP/1.1" and headers.get("connection", "").lower() != "close"
    return request[0], request[1].partition("?")[0], body, keep


def _response(status: int, answer: Any, *, keep: bool) -> bytes:
    body = json.dumps(answer).encode()
    head = (
        f"HTTP/1.1 {status} {_REASONS.get(status, 'Error')}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: {'keep-alive' if keep else 'close'}\r\n\r\n"
    )
    return head.encode() + body
