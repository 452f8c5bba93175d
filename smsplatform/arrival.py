"""Every request body arrives within half a minute and sixteen mebibytes, or its sender is hung up on.

Outermost in the web process. Without it a client that sends half a body holds a connection for as long as it likes, and
one that sends on fills the disk: Django takes a whole body in before it looks at what is wanted. What endpoints read is
less, and they say so themselves. How long headers may take is up to the server in front.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from smsplatform.lib.api import versions
from smsplatform.lib.api.problems import Problem, new_request_id, response_bytes

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

SECONDS = 30.0
BYTES_MAX = 16 * 1024 * 1024


class _Refused(Problem):
    """Of a body that is not waited for; the gate answers it as any problem, Django lets it through to here."""

    def __init__(self, code: str) -> None:
        super().__init__(code, headers={"Connection": "close"})


class Arrival:
    """Hands requests on to ``app``, whose wait for their bodies ends after ``seconds`` or ``bytes_max``."""

    def __init__(self, app: App, *, seconds: float = SECONDS, bytes_max: int = BYTES_MAX) -> None:
        self._app, self._seconds, self._bytes_max = app, seconds, bytes_max

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            await self._app(scope, self._bounded(receive), send)
        except _Refused as problem:
            await _answer(problem, scope, send)

    def _bounded(self, receive: Receive) -> Receive:
        until = asyncio.get_running_loop().time() + self._seconds
        left, is_whole = self._bytes_max, False

        async def bounded() -> Message:
            nonlocal left, is_whole
            if is_whole:  # from now on it is the end of the connection that is waited for
                return await receive()
            try:
                async with asyncio.timeout_at(until):
                    message = await receive()
            except TimeoutError:
                raise _Refused("request_timeout") from None
            left -= len(message.get("body", b""))
            if left < 0:
                raise _Refused("body_too_large")
            is_whole = not message.get("more_body", False)
            return message

        return bounded


async def _answer(problem: Problem, scope: Message, send: Send) -> None:
    status, headers, content = response_bytes(problem, new_request_id())
    if scope["path"].startswith("/v1/"):
        headers.append(versions.line(versions.newest()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
