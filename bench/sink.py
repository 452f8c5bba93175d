"""A webhook receiver that does as little as HTTP allows: answer 200, remember which message was reported and when."""

import asyncio
import time
from typing import cast

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


class Sink:
    """``seen`` holds the time of the first callback by message: our public id, or the number in Kannel's path."""

    def __init__(self) -> None:
        self.port = 0
        self.clear()

    def clear(self) -> None:
        """Forget everything before a new run."""
        self.seen: dict[bytes, float] = {}
        self.calls = 0
        self.last_at = 0.0

    async def start(self) -> None:
        """Listen on any port of loopback."""
        server = await asyncio.get_running_loop().create_server(lambda: _Peer(self), "127.0.0.1", 0, backlog=512)
        self.port = int(server.sockets[0].getsockname()[1])
        self._server = server

    async def until(self, count: int, quiet_seconds: float) -> None:
        """Return when this many messages were reported, or when nothing has come for ``quiet_seconds``."""
        heard, since = -1, time.perf_counter()
        while len(self.seen) < count:
            if self.calls != heard:
                heard, since = self.calls, time.perf_counter()
            elif time.perf_counter() - since > quiet_seconds:
                return
            await asyncio.sleep(0.01)

    def called(self, request: bytes, head_end: int) -> None:
        """One complete request."""
        if request.startswith(b"GET /dlr/"):
            name = request[9 : request.index(b" ", 9)].partition(b"?")[0]
        else:
            start = request.find(b"msg_", head_end)
            name = request[start : start + 30]
        self.calls += 1
        self.last_at = time.perf_counter()
        self.seen.setdefault(name, self.last_at)


class _Peer(asyncio.Protocol):
    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._data = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        data = self._data + data if self._data else data
        while (end := data.find(b"\r\n\r\n")) >= 0:
            at = data.lower().find(b"content-length:", 0, end)
            length = int(data[at + 15 : data.index(b"\r\n", at)]) if at >= 0 else 0
            total = end + 4 + length
            if len(data) < total:
                break
            self._sink.called(data[:total], end)
            self._transport.write(ANSWER)
            data = data[total:]
        self._data = data
