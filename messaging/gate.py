"""The gate: the send endpoints as plain ASGI handlers, because Django's handler costs ten times what sending does.

Same key rules, same documents, same limits as the views in ``messaging/api``; one contract suite runs against both.
Everything that is not ``POST /v1/messages`` or ``/v1/messages/batch`` goes on to Django.
"""

import asyncio
import datetime as dt
import logging
import math
import time
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from functools import lru_cache, partial
from typing import Any, TypeVar
from uuid import UUID

import msgspec
import psycopg
from asgiref.sync import sync_to_async
from prometheus_client import Counter, Histogram

from accounts import keys
from accounts.keys import KeyInfo
from accounts.roles import Scope
from messaging import calls, decoding, presenting, sources, submission
from messaging.acceptance import REPLAY, SQL, Acceptor, Idempotency, Order, arguments
from messaging.drafting import Draft, Plan, Source, plan, seal
from messaging.replaying import replayed, replayed_or
from privacy import keyring
from privacy.documents import notices as policy_notices
from smsplatform.lib import clock, database, ids, limits
from smsplatform.lib.api import versions
from smsplatform.lib.api.parsers import COMPRESSED
from smsplatform.lib.api.problems import Problem, response_bytes
from smsplatform.lib.fresh import FreshCache
from smsplatform.middleware import request_id_from

logger = logging.getLogger(__name__)

Message_ = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message_]]
Send = Callable[[Message_], Awaitable[None]]
T = TypeVar("T")
App = Callable[[Message_, Receive, Send], Awaitable[None]]
Answer = tuple[int, list[tuple[bytes, bytes]], bytes]

LANES = 2
# Refusals that a sender or template made a moment ago would explain: the source at hand may be seconds old.
MADE_SINCE = frozenset({"invalid_sender", "no_default_sender", "sender_not_approved", "template_not_found"})
UNAVAILABLE = (*database.UNAVAILABLE, OSError)
JSON = (b"content-type", b"application/json")
REPLAYED = (b"idempotent-replayed", b"true")
REQUESTS = Counter("sms_send_requests", "Answers of the send endpoints", ["path", "status"])
ACCEPTED = Counter("sms_messages_accepted", "Messages charged and stored")
_requests = lru_cache(maxsize=256)(lambda path, status: REQUESTS.labels(path, str(status)))
SECONDS = Histogram(
    "sms_send_seconds", "Time to answer a send request", buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.2, 1)
)


class Gate:
    """Answers the send endpoints; hands everything else to ``fallback``."""

    def __init__(self, fallback: App) -> None:
        self._fallback = fallback
        self._routes = {"/v1/messages": self._one, "/v1/messages/batch": self._batch}
        self._keys: FreshCache[bytes, KeyInfo] = FreshCache(partial(blocking, keys.find), stale=keys.KNOWN_SECONDS)
        self._sources: FreshCache[UUID, Source] = FreshCache(self._load_source, stale=keys.KNOWN_SECONDS)
        self._infos: dict[UUID, KeyInfo] = {}
        self._acceptor = Acceptor(self._execute, lanes=LANES)
        self._connections: asyncio.LifoQueue[psycopg.AsyncConnection[Any] | None] | None = None

    async def __call__(self, scope_: Message_, receive: Receive, send: Send) -> None:
        kind = scope_["type"]
        if kind == "lifespan":
            await _lifespan(receive, send)
        elif kind == "http" and scope_["method"] == "POST" and (handler := self._routes.get(scope_["path"])):
            await self._answer(handler, scope_, receive, send)
        else:
            await self._fallback(scope_, receive, send)

    async def _answer(self, handler: Any, scope_: Message_, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        headers = dict(scope_["headers"])
        if headers.get(b"authorization", b"")[7:10] == b"eyJ":  # an access token: apps of people send little
            await self._fallback(scope_, receive, send)
            return
        request_id = request_id_from(headers.get(b"x-request-id", b"").decode("latin-1"))
        try:
            if headers.get(b"content-encoding", b"identity") != b"identity":
                raise Problem("unsupported_media_type", detail=COMPRESSED)
            body = await _read(receive)
            status, extra, content = await handler(scope_, headers, body)
            extra = [*extra, (b"content-length", b"%d" % len(content)), (b"x-request-id", request_id.encode()), JSON]
        except Problem as problem:
            status, extra, content = response_bytes(problem, request_id)
        except UNAVAILABLE as error:
            logger.warning("accept_unavailable", extra={"error": type(error).__name__})
            status, extra, content = response_bytes(Problem.single("service_unavailable", Retry_After="1"), request_id)
        except Exception:
            # The log redacts the exception's text, which could hold what the client sent.
            logger.exception("accept_failed")
            status, extra, content = response_bytes(Problem.single("internal_error"), request_id)
        extra += scope_.get("limit", ())
        extra.append(_version(scope_, headers))
        if notice := policy_notices.header():
            extra.append((b"policy-notice", notice.encode()))
        await send({"type": "http.response.start", "status": status, "headers": extra})
        await send({"type": "http.response.body", "body": content})
        _requests(scope_["path"], status).inc()
        seconds = time.perf_counter() - began
        SECONDS.observe(seconds)
        if info := scope_.get("known_key"):
            calls.note(info, request_id, scope_["method"], scope_["path"], status, seconds, content)

    # Endpoints

    async def _one(self, scope_: Message_, headers: dict[bytes, bytes], body: bytes) -> Answer:
        at = clock.now()
        info, source = await self._admit(scope_, headers, at)
        key = idempotency_of(scope_["path"], headers, body)
        request = decoding.decode(body)
        scope_["limit"] = await self._limit(info, 1)
        try:
            draft = await self._draft(request, source, at)
        except Problem as problem:
            content = await blocking(replayed_or, problem, source, key)
            return 202, [REPLAYED], msgspec.json.encode(content)
        order = Order(source=source, drafts=[draft], idempotency=key, at=at)
        outcome = (await self._acceptor.accept(order))[0]
        if outcome == REPLAY and key:
            return await self._replay(source, key)
        if outcome != "ok":
            raise refusal(outcome, info, draft.plan.price, at=at)
        self._accepted(info, [draft])
        return 202, [], msgspec.json.encode(presenting.of_draft(draft, source, at=at))

    async def _batch(self, scope_: Message_, headers: dict[bytes, bytes], body: bytes) -> Answer:
        at = clock.now()
        info, source = await self._admit(scope_, headers, at)
        key = idempotency_of(scope_["path"], headers, body)
        items = decoding.decode_batch(body)
        scope_["limit"] = await self._limit(info, len(items))
        batch_id = ids.uuid7()
        results: list[Draft | Problem] = []
        for index, item in enumerate(items):
            try:
                request = decoding.convert(item)
                results.append(await self._draft(request, source, at, batch_id))
            except Problem as problem:
                results.append(problem)
            if index % 100 == 99:
                await asyncio.sleep(0)  # a thousand messages take tens of milliseconds: let others in between
        drafts = [result for result in results if isinstance(result, Draft)]
        outcomes = (
            await self._acceptor.accept(Order(source=source, drafts=drafts, idempotency=key, at=at)) if drafts else []
        )
        if REPLAY in outcomes and key:
            return await self._replay(source, key, results)
        self._accepted(info, [draft for draft, outcome in zip(drafts, outcomes, strict=True) if outcome == "ok"])
        answer = presenting.of_batch(batch_id, results, outcomes, source, at=at)
        return 202 if "ok" in outcomes else 422, [], msgspec.json.encode(answer)

    # Steps

    async def _admit(self, scope_: Message_, headers: dict[bytes, bytes], at: dt.datetime) -> tuple[KeyInfo, Source]:
        digest = keys.digest_of(headers.get(b"authorization", b"").decode("latin-1"))
        info = self._keys.at_hand(digest) or await self._keys.get(digest)
        if info is None:
            raise Problem.single("invalid_key")
        scope_["known_key"] = info  # whose request it was, even when it is refused
        client = scope_.get("client") or ("", 0)
        info.check(scope_needed=Scope.MESSAGES_SEND, address=client[0], at=at)
        versions.check(_asked_version(headers))
        self._infos[info.id] = info
        source = self._sources.at_hand(info.id) or await self._sources.get(info.id)
        if source is None:
            raise Problem.single("invalid_key")
        return info, source

    async def _load_source(self, key_id: UUID) -> Source | None:
        return await blocking(sources.for_key, self._infos[key_id])

    async def _limit(self, info: KeyInfo, count: int) -> list[tuple[bytes, bytes]]:
        """The headers that every answer bears from now on, refusals too. Raises ``Problem``, which has its own."""
        entries = []
        for window in keys.windows(info):
            asked = {"count": count, "limit": window.limit, "window_seconds": window.seconds}
            taken = limits.at_hand(window.subject, **asked) or await limits.take_async(window.subject, **asked)
            entries.append((window, taken))
        if not all(taken.allowed for _, taken in entries):
            raise Problem("rate_limited", headers=limits.headers(entries))
        return limits.lines(entries)

    async def _draft(self, request: Any, source: Source, at: dt.datetime, batch_id: UUID | None = None) -> Draft:
        made = await self._plan(request, source, at)
        day = made.body_expires_at.date()  # of UTC, as everywhere
        key = keyring.cached_body_key(source.workspace_id, day)
        if key is None:
            key = await blocking(keyring.body_key, source.workspace_id, day)
        callback = request.status_callback
        callback_id = source.callbacks.get(callback) if callback else None
        if callback and callback_id is None:
            callback_id = await blocking(sources.callback, source, callback)
        return seal(made, source, key, batch_id=batch_id, callback_id=callback_id)

    async def _plan(self, request: Any, source: Source, at: dt.datetime) -> Plan:
        """The plan; once more with what is in the database now when the request names something we do not know."""
        try:
            return plan(request, source, at=at)
        except Problem as problem:
            if source.key_id is None or not any(error.code in MADE_SINCE for error in problem.errors):
                raise
            newer = await self._sources.newer(source.key_id, source)
            if newer is None:
                raise
            return plan(request, newer, at=at)

    def _accepted(self, info: KeyInfo, drafts: Sequence[Draft]) -> None:
        ACCEPTED.inc(len(drafts))
        for carrier in {draft.plan.carrier for draft in drafts if draft.plan.send_at is None}:
            submission.wake(carrier)
        if keys.is_unseen(info.id):
            asyncio.ensure_future(blocking(keys.touch, info.id, clock.now()))  # noqa: RUF006  # best effort

    async def _replay(
        self, source: Source, key: Idempotency, results: Sequence[Draft | Problem] | None = None
    ) -> Answer:
        content = await blocking(partial(replayed, source, key, results))
        return 202, [REPLAYED], msgspec.json.encode(content)

    # The database

    async def _execute(self, orders: Sequence[Order]) -> list[str]:
        if self._connections is None:
            self._connections = asyncio.LifoQueue()
            for _ in range(LANES):
                self._connections.put_nowait(None)
        connection = await self._connections.get()
        try:
            if connection is None or connection.closed:
                connection = await psycopg.AsyncConnection.connect(
                    **database.conninfo("default"), autocommit=True, prepare_threshold=0
                )
            cursor = await connection.execute(
                SQL, arguments(orders, backend_pid=connection.info.backend_pid), binary=True
            )
            row = await cursor.fetchone()
            assert row is not None
            return list(row[0])
        except (psycopg.OperationalError, psycopg.InterfaceError):
            if connection is not None:
                await connection.close()
            connection = None
            raise
        finally:
            self._connections.put_nowait(connection)


async def blocking(function: Callable[..., T], *arguments: Any) -> T:
    """Run what asks the database in a thread; once more on a new session if the thread's own was lost."""
    once = partial(function, *arguments)
    return await sync_to_async(partial(database.again, "default", once), thread_sensitive=False)()


def _version(scope_: Message_, headers: dict[bytes, bytes]) -> tuple[bytes, bytes]:
    info: KeyInfo | None = scope_.get("known_key")
    return versions.line(versions.answered(_asked_version(headers), info.api_version if info else None))


def _asked_version(headers: dict[bytes, bytes]) -> str | None:
    asked = headers.get(b"api-version")
    return None if asked is None else asked.decode("latin-1")


def idempotency_of(path: str, headers: dict[bytes, bytes], body: bytes) -> Idempotency | None:
    """The request's ``Idempotency-Key``; ``invalid_idempotency_key`` if it is not 1 to 255 printable characters."""
    raw = headers.get(b"idempotency-key")
    if raw is None:
        return None
    text = raw.decode("latin-1")
    if not 1 <= len(text) <= 255 or not (text.isascii() and text.isprintable()):
        raise Problem.single("invalid_idempotency_key")
    return Idempotency.of(path=path, key=text, body=body)


def refusal(outcome: str, info: KeyInfo, price: int, *, at: dt.datetime) -> Problem:
    """Why a message was not accepted; with the seconds until the key may spend again, where waiting helps."""
    if outcome != "spend_limited" or price > (info.money_max or 0):
        return Problem.single(outcome)
    tomorrow = clock.midnight(at.astimezone(dt.UTC).date() + dt.timedelta(days=1))
    return Problem.single(outcome, Retry_After=str(math.ceil((tomorrow - at).total_seconds())))


async def _read(receive: Receive) -> bytes:
    """The request body, refused before it is all in memory when it is too large, and when its sender hung up."""
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body"):
        message = await receive()
        body += message.get("body", b"")
        if len(body) > decoding.BATCH_BYTES_MAX:
            raise Problem.single("body_too_large")
    if message["type"] == "http.disconnect":  # what came may be a document by itself, and still not the whole request
        raise Problem.single("bad_request")
    return body


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        else:
            await send({"type": "lifespan.shutdown.complete"})
            return
