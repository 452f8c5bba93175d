"""What has been submitted and not yet settled: the bound on what is in doubt when anything dies.

A slot is taken at submission and given back only by ``release``, which the caller makes after it has *committed* the
result. So the number of messages whose fate the database does not know never exceeds the window, whatever happens to
this process, the connection or the carrier; a new connection starts with the slots still held.

A response that misses its time makes the result "unknown". It is remembered for a grace time, because slow carriers
do answer, and then the late response counts.

Requests and results are msgspec structs: made once per message, they cost a quarter of a named tuple. The garbage
collector must see them, because a caller's token may well hold the result it gets.
"""

from collections.abc import Iterator

import msgspec

from messaging.carriers.smpp.errors import DISCONNECTED, NOT_SENT, TIMED_OUT, Outcome, Verdict
from messaging.carriers.smpp.pdu import SEQUENCE_MAX

LATE_MAX = 10_000


class SubmitRequest(msgspec.Struct, frozen=True):
    """``token`` is the caller's and comes back with the result; ``body`` is a submit_sm body (``submits.bodies``)."""

    token: object
    body: bytes


class SubmitResult(msgspec.Struct, frozen=True):
    """``ref`` is the comparable form of ``message_id`` (see receipts); ``late`` marks the second result of a request
    whose first one was a time-out. Every result holds a window slot until ``release``."""

    token: object
    outcome: Outcome
    code: str
    ref: str
    message_id: str
    status: int
    sequence: int
    fallback: bool
    late: bool


class Window:
    """Submits in flight by sequence number, and slots. Times are monotonic seconds."""

    __slots__ = ("_grace_seconds", "_sequence", "_timeout_seconds", "in_flight", "late", "size", "unreleased")

    def __init__(self, *, size: int, timeout_seconds: float, grace_seconds: float, sequence: int = 0) -> None:
        self.size = size
        self.in_flight: dict[int, tuple[object, float]] = {}
        self.late: dict[int, tuple[object, float]] = {}
        self.unreleased = 0
        self._sequence = sequence
        self._timeout_seconds = timeout_seconds
        self._grace_seconds = grace_seconds

    @property
    def free(self) -> int:
        return self.size - len(self.in_flight) - self.unreleased

    def next_sequence(self) -> int:
        """Sequence numbers run from 1 to 0x7FFFFFFF and around, past those still in use."""
        sequence = self._sequence
        while True:
            sequence = 1 if sequence >= SEQUENCE_MAX else sequence + 1
            if sequence not in self.in_flight and sequence not in self.late:
                self._sequence = sequence
                return sequence

    def open(self, batch: list[SubmitRequest], now: float) -> list[int]:
        """Take a slot for each request; their sequence numbers."""
        first, count = self._sequence + 1, len(batch)
        if first + count > SEQUENCE_MAX or self.late:
            return [self._open_one(request.token, now) for request in batch]
        # Without late ones and away from the wrap, the numbers ahead of the last one are free but for those a whole
        # round old, which would have timed out 2**31 submits ago.
        sequences = list(range(first, first + count))
        self.in_flight.update(zip(sequences, [(request.token, now) for request in batch], strict=True))
        self._sequence = first + count - 1
        return sequences

    def _open_one(self, token: object, now: float) -> int:
        sequence = self.next_sequence()
        self.in_flight[sequence] = (token, now)
        return sequence

    def settle(self, sequence: int) -> tuple[object, bool] | None:
        """The token of the request answered and whether the answer is late; None when nobody waits for it."""
        entry = self.in_flight.pop(sequence, None)
        if entry is not None:
            self.unreleased += 1
            return entry[0], False
        entry = self.late.pop(sequence, None)
        if entry is None:
            return None
        self.unreleased += 1
        return entry[0], True

    def release(self, count: int) -> None:
        self.unreleased -= count
        assert self.unreleased >= 0, "released more results than were given"

    def deadline(self) -> float | None:
        for _, at in self.in_flight.values():
            return at + self._timeout_seconds
        return None

    def time_out(self, now: float) -> list[SubmitResult]:
        """The requests whose response did not come in time, as unknown."""
        expired = [s for s, (_, at) in self._oldest(self.in_flight, now - self._timeout_seconds)]
        results = [self._unanswered(sequence, self.in_flight.pop(sequence)[0], TIMED_OUT, now) for sequence in expired]
        for sequence in [s for s, _ in self._oldest(self.late, now - self._grace_seconds)]:
            del self.late[sequence]
        while len(self.late) > LATE_MAX:
            del self.late[next(iter(self.late))]
        return results

    def lose(self) -> list[SubmitResult]:
        """The connection is gone: everything in flight becomes unknown, and no late response can come any more."""
        results = [without_response(token, DISCONNECTED, s) for s, (token, _) in self.in_flight.items()]
        self.unreleased += len(results)
        self.in_flight.clear()
        self.late.clear()
        return results

    def refuse(self, requests: list[SubmitRequest]) -> list[SubmitResult]:
        """Requests that were never written to the socket."""
        self.unreleased += len(requests)
        return [without_response(request.token, NOT_SENT, 0) for request in requests]

    def _unanswered(self, sequence: int, token: object, verdict: Verdict, now: float) -> SubmitResult:
        self.late[sequence] = (token, now)
        self.unreleased += 1
        return without_response(token, verdict, sequence)

    @staticmethod
    def _oldest(entries: dict[int, tuple[object, float]], until: float) -> Iterator[tuple[int, tuple[object, float]]]:
        for item in entries.items():
            if item[1][1] > until:
                return
            yield item


def without_response(token: object, verdict: Verdict, sequence: int) -> SubmitResult:
    return SubmitResult(token, verdict.outcome, verdict.code, "", "", -1, sequence, verdict.fallback, late=False)
