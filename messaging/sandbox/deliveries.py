"""Receipts and texts on their way from the simulated carrier to its customers.

Like a real one it keeps a delivery until it is acknowledged: what a connection did not acknowledge goes out again on
the next bind of the same customer, and a temporary refusal is retried after a while. Memory is bounded: beyond
``WAITING_MAX`` the oldest are dropped and counted.
"""

import asyncio
import heapq
from collections import Counter, deque
from collections.abc import Iterator
from typing import NamedTuple, Protocol

WAITING_MAX = 200_000


class Outgoing(NamedTuple):
    command: int
    body: bytes


class Receiver(Protocol):
    """A bound connection that takes deliveries."""

    system_id: str

    def room(self) -> int: ...

    def send(self, batch: list[Outgoing]) -> None: ...


class Deliveries:
    def __init__(self, stats: Counter[str]) -> None:
        self._stats = stats
        self._due: list[tuple[float, int, str, Outgoing]] = []
        self._count = 0
        self._ready: dict[str, deque[Outgoing]] = {}
        self._receivers: list[Receiver] = []
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due = 0.0

    def schedule(self, system_id: str, outgoing: Outgoing, *, delay: float) -> None:
        """Deliver after ``delay`` seconds, by whatever bind of ``system_id`` there is then."""
        loop = asyncio.get_running_loop()
        self._count += 1
        heapq.heappush(self._due, (loop.time() + delay, self._count, system_id, outgoing))
        if len(self._due) > WAITING_MAX:
            self._due.pop()
            self._stats["deliveries_dropped"] += 1
        self._arm(loop)

    def attach(self, receiver: Receiver) -> None:
        self._receivers.append(receiver)
        self.pump(receiver.system_id)

    def detach(self, receiver: Receiver, unacknowledged: list[Outgoing]) -> None:
        if receiver not in self._receivers:
            return
        self._receivers.remove(receiver)
        self._queue(receiver.system_id).extendleft(reversed(unacknowledged))
        self._stats["deliveries_resent"] += len(unacknowledged)
        self.pump(receiver.system_id)

    def pump(self, system_id: str) -> None:
        """Send what is ready as far as the windows of this customer's binds allow."""
        ready = self._queue(system_id)
        for receiver in self._of(system_id):
            room = min(receiver.room(), len(ready))
            if room > 0:
                receiver.send([ready.popleft() for _ in range(room)])

    def waiting(self) -> int:
        return len(self._due) + sum(map(len, self._ready.values()))

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _of(self, system_id: str) -> Iterator[Receiver]:
        return (receiver for receiver in list(self._receivers) if receiver.system_id == system_id)

    def _queue(self, system_id: str) -> deque[Outgoing]:
        return self._ready.setdefault(system_id, deque(maxlen=WAITING_MAX))

    def _arm(self, loop: asyncio.AbstractEventLoop) -> None:
        due = self._due[0][0]
        if self._timer is not None:
            if self._timer_due <= due:
                return
            self._timer.cancel()
        self._timer_due = due
        # Receipts of about the same moment leave together.
        self._timer = loop.call_at(due + 0.002, self._run)

    def _run(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = None
        now = loop.time()
        customers = set()
        while self._due and self._due[0][0] <= now:
            _, _, system_id, outgoing = heapq.heappop(self._due)
            self._queue(system_id).append(outgoing)
            customers.add(system_id)
        for system_id in customers:
            self.pump(system_id)
        if self._due:
            self._arm(loop)
