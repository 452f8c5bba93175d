"""Celery tasks the way this project uses them: small wake-ups that carry ids.

``task`` makes one: keyword-only, deaf to arguments it does not know (a newer producer may send them), and refusing
every argument that is not an id, both when it is sent and when it runs. Brokers keep what they are given in plain
text, so nothing else may get there. ``Wakeups`` keeps a busy stage from publishing thousands of them, and ``Ladder``
is the spacing of retries as data.
"""

import heapq
import inspect
import itertools
import logging
import os
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial, wraps
from typing import Any, TypeVar
from uuid import UUID

from celery import Task, shared_task
from kombu.exceptions import OperationalError

from smsplatform.lib.database import UNAVAILABLE
from smsplatform.lib.tenancy import scope

R = TypeVar("R")

logger = logging.getLogger(__name__)

_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.ASCII)
_PUBLIC_ID = re.compile(r"[a-z]{3}_[0-7][0-9a-hjkmnp-tv-z]{25}", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
# A word, not a text: three digits in a row at most, so that no number and no code fits in.
_SLUG = re.compile(r"(?!.*[0-9]{4})[a-z][a-z0-9_.:-]{0,39}", re.ASCII)
_INT_MAX = 1_000_000
_LIST_MAX = 1000


class RefusedArgument(ValueError):
    """Only ids may be sent to a task: UUIDs, public ids, dates, short words, numbers below a million, lists of these.

    The text names the parameter and never the value.
    """

    def __init__(self, name: str) -> None:
        super().__init__(f"the argument {name} is not an id")


def check_arguments(arguments: Mapping[str, object]) -> None:
    """Raise ``RefusedArgument`` unless every value is an id."""
    for name, value in arguments.items():
        if not _is_id(value):
            raise RefusedArgument(name)


def _is_id(value: object) -> bool:
    if isinstance(value, list | tuple):
        return len(value) <= _LIST_MAX and all(_is_id(item) and not isinstance(item, list | tuple) for item in value)
    if isinstance(value, int):
        return abs(value) < _INT_MAX
    if isinstance(value, str):
        return any(pattern.fullmatch(value) for pattern in (_UUID, _SLUG, _PUBLIC_ID, _DATE))
    return value is None or isinstance(value, UUID)


class GuardedTask(Task):  # type: ignore[type-arg]  # generic in the stubs only
    """A task whose arguments are keywords and ids."""

    abstract = True
    stage = "default"  # the queue; Celery's own attribute of that name is on its way out

    def apply_async(self, args: Any = None, kwargs: dict[str, Any] | None = None, **options: Any) -> Any:  # type: ignore[override]  # the stub lists every option by name
        """Publish; raises ``RefusedArgument`` before anything reaches the broker."""
        if args:
            raise TypeError(f"{self.name} takes keyword arguments only")
        check_arguments(kwargs or {})
        options.setdefault("queue", self.stage)
        return super().apply_async((), kwargs, **options)

    def soon(self, **arguments: str) -> None:
        """Publish; without a broker, say so and leave the work to the sweep that finds it, or to whoever asks again."""
        try:
            self.delay(**arguments)
        except OperationalError:
            logger.warning("task_not_queued", extra={"task": self.name})


Decorator = Callable[[Callable[..., Any]], GuardedTask]


def task(*, name: str, queue: str, **options: Any) -> Decorator:
    """Make a keyword-only function a task with an explicit name and queue."""

    def decorate(function: Callable[..., Any]) -> GuardedTask:
        return _made(_tolerant(function), name=name, queue=queue, **options)

    return decorate


def workspace_task(*, name: str, queue: str, **options: Any) -> Decorator:
    """A task that runs inside the workspace given as its keyword ``workspace`` (a UUID in text form).

    The function itself does not take it. One transaction is open from beginning to end, so such a task must not wait
    for a network.
    """

    def decorate(function: Callable[..., Any]) -> GuardedTask:
        tolerant = _tolerant(function)

        @wraps(function)
        def run(*, workspace: str, **arguments: Any) -> object:
            check_arguments({"workspace": workspace})
            with scope.workspace(UUID(workspace)):
                return tolerant(**arguments)

        return _made(run, name=name, queue=queue, **options)

    return decorate


def _made(function: Callable[..., Any], *, queue: str, **options: Any) -> GuardedTask:
    make: Callable[[Callable[..., Any]], GuardedTask] = shared_task(base=GuardedTask, stage=queue, **options)
    return make(function)


def _tolerant(function: Callable[..., R]) -> Callable[..., R | None]:
    """Drop unknown arguments and refuse those that are no ids."""
    parameters = inspect.signature(function).parameters.values()
    if any(parameter.kind is not parameter.KEYWORD_ONLY for parameter in parameters):
        raise TypeError(f"the parameters of {function.__qualname__} must be keyword-only and named")
    known = frozenset(parameter.name for parameter in parameters)

    @wraps(function)
    def run(**arguments: Any) -> R | None:
        arguments = {name: value for name, value in arguments.items() if name in known}
        check_arguments(arguments)
        try:
            return function(**arguments)
        except UNAVAILABLE as error:  # the row is the queue: the next sweep finds what this task would have done
            logger.warning("task_put_off", extra={"task": function.__qualname__, "reason": type(error).__name__})
            return None

    return run


@dataclass(frozen=True, kw_only=True, slots=True)
class Ladder:
    """Seconds to wait before each retry, with an end. ``jitter`` 0.2 spreads every step by ±20 %."""

    delays: tuple[float, ...]
    jitter: float = 0.0

    def __post_init__(self) -> None:
        if not self.delays or min(self.delays) < 0 or not 0 <= self.jitter < 1:
            raise ValueError("a ladder needs steps of zero or more seconds and a jitter below 1")

    def delay(self, attempt: int, chance: float) -> float | None:
        """Seconds before the retry after failure number ``attempt`` (from 0); None past the end.

        ``chance`` is a random number from 0 to 1, given by the caller so that rules stay deterministic.
        """
        if attempt >= len(self.delays):
            return None
        return self.delays[attempt] * (1 + self.jitter * (2 * chance - 1))


Later = Callable[[float, Callable[[], None]], object]


class Wakeups:
    """Publish at most ``per_second`` wake-ups for each key, and never lose the last one.

    The first wake-up goes out at once (leading edge). Those that come within the interval after it are answered by
    one more at its end (trailing edge): without it, what is stored just after the first would wait for the sweep.
    ``wake`` never blocks and never raises; publishing happens in a background thread, one for the whole process.
    A publication that fails is logged and forgotten, because the sweep finds the work.
    """

    def __init__(
        self,
        publish: Callable[[str], object],
        *,
        per_second: float = 4.0,
        monotonic: Callable[[], float] = time.monotonic,
        later: Later | None = None,
    ) -> None:
        self._publish = publish
        self._interval = 1.0 / per_second
        self._monotonic = monotonic
        self._later = later or _later
        self._forget()

    def _forget(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._last: dict[str, float] = {}
        self._coming: set[str] = set()

    def wake(self, key: str = "") -> None:
        """There is work for ``key``."""
        if self._pid != os.getpid():  # what the parent was about to publish is not ours
            self._forget()
        if key in self._coming:  # without the lock: it is taken out of there before it is published
            return
        with self._lock:
            if key in self._coming:
                return
            self._coming.add(key)
            now = self._monotonic()
            wait = max(0.0, self._last.get(key, -self._interval + now) + self._interval - now)
        self._later(wait, partial(self._fire, key))

    def _fire(self, key: str) -> None:
        with self._lock:
            # Before publishing: work stored from here on may be missed by the reader, so it must wake again.
            self._coming.discard(key)
            self._last[key] = self._monotonic()
        try:
            self._publish(key)
        except Exception as error:  # noqa: BLE001 - whatever the broker's client raises, the sweep is the remedy
            logger.warning("wakeup_lost", extra={"key": key, "error": type(error).__name__})


@dataclass(slots=True)
class _Background:
    """One daemon thread that calls things later."""

    wakened: threading.Condition = field(default_factory=threading.Condition)
    heap: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    order: "itertools.count[int]" = field(default_factory=itertools.count)
    thread: threading.Thread | None = None

    def add(self, seconds: float, call: Callable[[], None]) -> None:
        with self.wakened:
            heapq.heappush(self.heap, (time.monotonic() + seconds, next(self.order), call))
            if self.thread is None:
                self.thread = threading.Thread(target=self._run, name="wakeups", daemon=True)
                self.thread.start()
            self.wakened.notify()

    def _run(self) -> None:
        while True:
            self._next()()

    def _next(self) -> Callable[[], None]:
        with self.wakened:
            while True:
                wait = self.heap[0][0] - time.monotonic() if self.heap else None
                if wait is not None and wait <= 0:
                    return heapq.heappop(self.heap)[2]
                self.wakened.wait(wait)


_backgrounds: dict[int, _Background] = {}


def _later(seconds: float, call: Callable[[], None]) -> None:
    """By process: threads do not survive a fork."""
    background = _backgrounds.get(os.getpid()) or _backgrounds.setdefault(os.getpid(), _Background())
    background.add(seconds, call)
