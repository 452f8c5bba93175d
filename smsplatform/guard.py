"""Nothing is served from a database that was restored from before an erasure, until it has been erased again.

Outermost in the web process, around the gate and Django. What the key store knows and the main database does not is
looked up every few seconds; in between a request costs one comparison.
"""

import logging
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from asgiref.sync import sync_to_async

from privacy import tombstones
from smsplatform.lib import database
from smsplatform.lib.api import versions
from smsplatform.lib.api.problems import Problem, new_request_id, response_bytes

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

OPEN = ("/livez", "/readyz", "/metrics", "/static/")
WORDS = (
    b"This installation was restored from a backup. It serves again once everything that was erased since then has "
    b"been erased again (manage.py reapply_erasures).\n"
)

logger = logging.getLogger(__name__)


class RestoreGuard:
    """Answers 503 instead of ``app`` while the database is behind its erasures."""

    def __init__(self, app: App, *, behind: Callable[[], bool] = tombstones.behind) -> None:
        self._app, self._look = app, behind
        self._asked = float("-inf")
        self._refuses: bool | None = None  # until the first look

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not scope["path"].startswith(OPEN) and await self._behind():
            await _refuse(scope, send)
        else:
            await self._app(scope, receive, send)

    async def _behind(self) -> bool:
        if self._refuses is None or time.monotonic() - self._asked > tombstones.CHECKED_SECONDS:
            self._asked = time.monotonic()  # before asking: the others need not wait, nor ask again
            try:
                self._refuses = await sync_to_async(self._look, thread_sensitive=False)()
            except database.UNAVAILABLE as error:  # requests find that out by themselves
                logger.warning("restore_guard_unavailable", extra={"error": type(error).__name__})
        return bool(self._refuses)


async def _refuse(scope: Message, send: Send) -> None:
    if scope["path"].startswith("/v1/"):
        problem = Problem.single("service_unavailable", Retry_After="60")
        status, headers, content = response_bytes(problem, new_request_id())
        headers.append(versions.line(versions.newest()))
    else:
        status, headers, content = 503, [(b"content-type", b"text/plain"), (b"retry-after", b"60")], WORDS
    headers = [*headers, (b"content-length", b"%d" % len(content))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
