from messaging.carriers.smpp.throttle import UNLIMITED, Throttle


def drive(throttle: Throttle, start: float, seconds: float) -> int:
    """Submit all that is allowed, every millisecond; how many that was."""
    total = 0
    for step in range(int(seconds * 1000)):
        now = start + step / 1000
        allowed = min(throttle.allowance(now), 100)
        throttle.take(allowed, now)
        total += allowed
    return total


def test_without_a_limit_everything_goes() -> None:
    throttle = Throttle()

    assert throttle.allowance(0) == UNLIMITED
    assert throttle.wait(0) == 0


def test_an_idle_time_saves_up_no_more_than_a_bucket() -> None:
    throttle = Throttle(100.0)
    throttle.allowance(0)

    assert throttle.allowance(3600) == 2


def test_a_slow_rate_lets_single_messages_through() -> None:
    throttle = Throttle(0.5)

    assert drive(throttle, 0, 10) in (5, 6)


def test_throttling_halves_the_rate_once_and_holds_for_a_second() -> None:
    """Case 9."""
    throttle = Throttle(100.0)
    drive(throttle, 0, 1)

    for _ in range(20):
        throttle.slow_down(1.0)

    assert throttle.rate == 50.0
    assert throttle.allowance(1.9) == 0
    assert throttle.wait(1.5) >= 0.5
    assert throttle.throttled


def test_the_rate_recovers_step_by_step_and_never_beyond_the_agreed_one() -> None:
    """Case 9."""
    throttle = Throttle(100.0)
    drive(throttle, 0, 1)
    throttle.slow_down(1.0)

    first, later, last = drive(throttle, 2, 1), drive(throttle, 7, 1), drive(throttle, 30, 1)

    assert 50 <= first <= 62
    assert first < later < last <= 102
    assert not throttle.throttled


def test_the_rate_never_falls_to_nothing() -> None:
    throttle = Throttle(100.0)

    for second in range(100):
        throttle.slow_down(second * 1.5)

    assert throttle.rate is not None
    assert throttle.rate >= 1


def test_without_a_limit_the_rate_that_was_refused_becomes_one_for_a_while() -> None:
    throttle = Throttle()
    drive(throttle, 0, 0.5)

    throttle.slow_down(0.5)

    assert throttle.rate is not None
    assert drive(throttle, 1.5, 1) < 100_000
    drive(throttle, 3, 90)
    assert throttle.rate is None


def test_a_clock_that_steps_back_gives_nothing_away() -> None:
    """Case 48."""
    throttle = Throttle(100.0)
    drive(throttle, 7200, 1)

    assert throttle.allowance(0) <= 2
    assert throttle.allowance(7200.5) <= 2
