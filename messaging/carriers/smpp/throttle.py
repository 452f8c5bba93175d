"""How fast to submit: the contract's limit, and less when the carrier says it is too much.

A token bucket with a small bucket (2 % of a second, so that no second sees more than that above the limit). When the
carrier throttles, the rate is halved, at most once a second because answers to what is already under way say
nothing new; then it grows by a twentieth of the starting point each second until it is back.

Several binds of one system id share one ``Throttle``: the limit belongs to the account, not to the connection.
"""

BUCKET_SECONDS = 0.02
RATE_MIN = 1.0
SLOW_DOWN = 0.5
RECOVERY = 0.05
HOLD_SECONDS = 1.0
UNLIMITED = 1 << 30


class Throttle:
    """``rate_max`` in messages a second, None for no limit of our own. Times are monotonic seconds."""

    __slots__ = ("_base", "_counted", "_counting_since", "_held_until", "_last", "_rate_max", "_tokens", "rate")

    def __init__(self, rate_max: float | None = None) -> None:
        self.rate = rate_max
        self._rate_max = rate_max
        self._base = rate_max or 0.0
        self._tokens = 1.0
        self._last: float | None = None
        self._held_until = 0.0
        self._counted = 0
        self._counting_since = 0.0

    def allowance(self, now: float) -> int:
        """How many may be submitted at this moment."""
        if self.rate is None:
            return UNLIMITED
        self._refill(now)
        return 0 if now < self._held_until else int(self._tokens)

    def take(self, count: int, now: float) -> None:
        if now - self._counting_since >= 1.0:
            self._counting_since, self._counted = now, 0
        self._counted += count
        if self.rate is not None:
            self._tokens -= count

    def wait(self, now: float) -> float:
        """Seconds until something may be submitted again: a whole message, or a bucketful when the rate is high."""
        if self.rate is None:
            return 0.0
        self._refill(now)
        want = max(1.0, self.rate * BUCKET_SECONDS / 2)
        return max(0.0, (want - self._tokens) / self.rate, self._held_until - now)

    def slow_down(self, now: float) -> None:
        """The carrier said: too fast."""
        if now < self._held_until:
            return
        if self.rate is None:
            # No limit was agreed, so the rate of the running second is the first one known to be too high.
            elapsed = max(now - self._counting_since, 0.1)
            self.rate = self._base = max(RATE_MIN, self._counted / elapsed)
            self._last = now
        self._refill(now)
        self.rate = max(RATE_MIN, self.rate * SLOW_DOWN)
        self._tokens = min(self._tokens, 0.0)
        self._held_until = now + HOLD_SECONDS

    @property
    def throttled(self) -> bool:
        return self.rate != self._rate_max

    def _refill(self, now: float) -> None:
        rate = self.rate
        assert rate is not None
        last = now if self._last is None else self._last
        elapsed = max(0.0, now - last)
        self._last = now
        if rate != self._rate_max:
            rate = self._recovered(rate, elapsed)
        self._tokens = min(self._tokens + rate * elapsed, max(1.0, rate * BUCKET_SECONDS))
        # Four times the rate that was refused without another refusal: the carrier's mood has passed.
        self.rate = None if self._rate_max is None and rate > 4 * self._base else rate

    def _recovered(self, rate: float, elapsed: float) -> float:
        grown = rate + max(self._base * RECOVERY, RATE_MIN) * elapsed
        return grown if self._rate_max is None else min(grown, self._rate_max)
