import asyncio
import itertools
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from smsplatform.lib import limits
from smsplatform.lib.limits import Decision, Limiter
from smsplatform.quickstart.valkey import binary

AT = 1_772_323_200.0  # the start of a second, of a minute and of a day in 2026


class Valkey:
    """A server of our own, to be killed."""

    def __init__(self, directory: Path) -> None:
        self.socket = directory / "valkey.sock"
        self.url = f"unix://{self.socket}"
        self.start()

    def start(self) -> None:
        options = ["--port", "0", "--unixsocket", str(self.socket), "--save", "", "--dir", str(self.socket.parent)]
        self.process = subprocess.Popen([str(binary()), *options], stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                with redis.Redis.from_url(self.url) as client:
                    client.ping()
                return
            except redis.RedisError:
                time.sleep(0.02)
        raise AssertionError("Valkey did not start")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def names(self) -> list[bytes]:
        with redis.Redis.from_url(self.url) as client:
            return list(client.scan_iter())

    def calls(self) -> int:
        """Scripts run so far."""
        with redis.Redis.from_url(self.url) as client:
            return int(client.info("commandstats").get("cmdstat_eval", {}).get("calls", 0))


@pytest.fixture(scope="module")
def valkey() -> Iterator[Valkey]:
    with tempfile.TemporaryDirectory() as directory:  # a short path: socket addresses end at 107 characters
        server = Valkey(Path(directory))
        yield server
        server.kill()


@pytest.fixture
def limiter(valkey: Valkey) -> Iterator[Limiter]:
    limiter = Limiter(valkey.url)
    yield limiter
    limiter.close()


def subject() -> str:
    return f"test:{uuid4()}"


def allowed(limiter: Limiter, name: str, times: int, *, at: float, limit: int = 20, window: int = 1) -> int:
    return sum(limiter.take(name, count=1, limit=limit, window_seconds=window, at=at).allowed for _ in range(times))


@pytest.mark.promise("otp-18", "api-25", "otp-17", "team-21")
def test_exactly_the_limit_passes_in_a_window_and_again_in_the_next(limiter: Limiter) -> None:
    name = subject()

    assert allowed(limiter, name, 50, at=AT) == 20
    assert allowed(limiter, name, 50, at=AT + 0.999) == 0
    assert allowed(limiter, name, 50, at=AT + 1) == 20


def test_remaining_counts_down_to_zero_and_a_refusal_says_when_to_return(limiter: Limiter) -> None:
    name = subject()

    decisions = [limiter.take(name, count=1, limit=3, window_seconds=86_400, at=AT + 400) for _ in range(4)]

    assert [decision.remaining for decision in decisions] == [2, 1, 0, 0]
    assert [decision.allowed for decision in decisions] == [True, True, True, False]
    assert {decision.reset_seconds for decision in decisions} == {86_000}


def test_subjects_and_windows_do_not_share_their_units(limiter: Limiter) -> None:
    first, second = subject(), subject()

    assert allowed(limiter, first, 30, at=AT) == 20
    assert allowed(limiter, second, 30, at=AT) == 20
    assert allowed(limiter, first, 30, at=AT, limit=5, window=60) == 5


def test_several_processes_together_pass_no_more_than_the_limit(valkey: Valkey) -> None:
    name = subject()
    processes = [Limiter(valkey.url) for _ in range(4)]

    passed = sum(allowed(processes[turn % 4], name, 1, at=AT, limit=100) for turn in range(400))

    assert 90 <= passed <= 100


def test_a_busy_subject_costs_few_round_trips(valkey: Valkey, limiter: Limiter) -> None:
    name, before = subject(), valkey.calls()

    passed = allowed(limiter, name, 5_000, at=AT, limit=4_000)

    assert passed == 4_000
    assert valkey.calls() - before < 60


def test_threads_of_one_process_pass_exactly_the_limit(limiter: Limiter) -> None:
    name, passed = subject(), itertools.count()

    def work() -> None:
        for _ in range(100):
            if limiter.take(name, count=1, limit=150, window_seconds=1, at=AT).allowed:
                next(passed)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert next(passed) == 150


def test_concurrent_requests_of_an_event_loop_pass_exactly_the_limit_and_share_round_trips(valkey: Valkey) -> None:
    name, before = subject(), valkey.calls()

    async def run() -> int:
        limiter = Limiter(valkey.url)
        try:
            calls = (limiter.take_async(name, count=1, limit=300, window_seconds=1, at=AT) for _ in range(500))
            return sum(decision.allowed for decision in await asyncio.gather(*calls))
        finally:
            await limiter.aclose()

    assert asyncio.run(run()) == 300
    assert valkey.calls() - before < 30


def test_a_request_above_the_limit_passes_an_untouched_window_and_leaves_its_debt_to_the_next_ones(
    limiter: Limiter,
) -> None:
    name = subject()

    first = limiter.take(name, count=50, limit=20, window_seconds=1, at=AT)
    refused = limiter.take(name, count=1, limit=20, window_seconds=1, at=AT)

    assert (first.allowed, first.remaining) == (True, 0)
    assert (refused.allowed, refused.reset_seconds) == (False, 2)  # 30 over: 20 go to AT + 1, 10 to AT + 2
    assert allowed(limiter, name, 30, at=AT + 1) == 0
    assert allowed(limiter, name, 30, at=AT + 2) == 10
    assert allowed(limiter, name, 30, at=AT + 3) == 20


def test_a_request_above_the_limit_waits_for_an_untouched_window(limiter: Limiter) -> None:
    name = subject()
    limiter.take(name, count=1, limit=20, window_seconds=1, at=AT)

    assert not limiter.take(name, count=50, limit=20, window_seconds=1, at=AT).allowed
    assert limiter.take(name, count=50, limit=20, window_seconds=1, at=AT + 1).allowed


def test_a_clock_that_steps_back_locks_nobody_out_of_this_process(limiter: Limiter) -> None:
    name = subject()
    allowed(limiter, name, 30, at=AT)

    assert limiter.take(subject(), count=1, limit=20, window_seconds=1, at=AT - 3600).allowed


@pytest.mark.promise("duty-01")
def test_what_valkey_holds_is_the_subject_and_the_window_and_goes_away(valkey: Valkey, limiter: Limiter) -> None:
    name = subject()
    limiter.take(name, count=1, limit=5, window_seconds=1, at=AT)

    assert f"limit:{name}:1".encode() in valkey.names()
    with redis.Redis.from_url(valkey.url) as client:
        assert 0 < client.pttl(f"limit:{name}:1") <= 2000


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(1, 40), st.integers(0, 30), st.integers(0, 2)), min_size=1, max_size=25
    )
)
def test_the_script_and_its_copy_in_python_agree(valkey: Valkey, steps: list[tuple[int, int, int, int]]) -> None:
    name, store, now = subject(), limits._Store(), 1000
    with redis.Redis.from_url(valkey.url) as client:
        for later, need, more, _ in steps:
            now += later
            answer = client.eval(limits._TAKE, 1, name, *limits._numbers(20, now, 60, need, need + more))
            assert limits._answer(answer) == store.take(name, 20, now, need, need + more)


def test_a_killed_valkey_is_replaced_by_counting_in_the_process_and_found_again(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "OUTAGE_SECONDS", 0.05)
    with tempfile.TemporaryDirectory() as directory:
        server = Valkey(Path(directory))
        limiter, name = Limiter(server.url), subject()
        assert allowed(limiter, name, 5, at=AT) == 5

        server.kill()
        started = time.monotonic()
        without = allowed(limiter, name, 50, at=AT + 1)
        took = time.monotonic() - started
        server.start()
        time.sleep(0.06)
        again = allowed(limiter, name, 50, at=AT + 2)
        found = server.names()
        limiter.close()
        server.kill()

    assert (without, again) == (20, 20)
    assert took < 1
    assert found == [f"limit:{name}:1".encode()]
    assert "limits_store_unavailable" in caplog.text


def test_the_event_loop_survives_a_killed_valkey_too(monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory() as directory:
        server = Valkey(Path(directory))
        name = subject()

        async def run() -> tuple[bool, int]:
            limiter = Limiter(server.url)
            first = await limiter.take_async(name, count=1, limit=20, window_seconds=1, at=AT)
            server.kill()
            calls = (limiter.take_async(name, count=1, limit=20, window_seconds=1, at=AT + 1) for _ in range(40))
            passed = sum(decision.allowed for decision in await asyncio.gather(*calls))
            await limiter.aclose()
            return first.allowed, passed

        assert asyncio.run(run()) == (True, 20)


def test_a_hanging_valkey_delays_one_request_and_not_every_one(valkey: Valkey) -> None:
    limiter = Limiter(valkey.url)
    allowed(limiter, subject(), 1, at=AT)
    with redis.Redis.from_url(valkey.url) as client:
        client.execute_command("CLIENT", "PAUSE", "400", "ALL")
    started = time.monotonic()

    passed = sum(allowed(limiter, subject(), 1, at=AT) for _ in range(50))

    assert passed == 50
    assert time.monotonic() - started < 0.39
    time.sleep(0.2)  # the pause must not reach the next test


def test_without_an_address_limits_hold_within_the_process() -> None:
    limiter = Limiter("")

    assert allowed(limiter, subject(), 50, at=AT) == 20


def test_the_headers_name_every_limit_and_when_to_come_back() -> None:
    second = Decision(allowed=True, limit=20, remaining=12, reset_seconds=1)
    day = Decision(allowed=False, limit=10_000, remaining=0, reset_seconds=3_600)

    per_second, per_day = limits.Window("send", "x", 20, 1), limits.Window("day", "x", 10_000, 86_400)

    assert limits.headers([(per_second, second)]) == {
        "RateLimit-Policy": '"send";q=20;w=1',
        "RateLimit": '"send";r=12;t=1',
    }
    assert limits.headers([(per_second, second), (per_day, day)]) == {
        "RateLimit-Policy": '"send";q=20;w=1, "day";q=10000;w=86400',
        "RateLimit": '"send";r=12;t=1, "day";r=0;t=3600',
        "Retry-After": "3600",
    }
    assert limits.lines([(per_second, second)]) == [
        (b"ratelimit-policy", b'"send";q=20;w=1'),
        (b"ratelimit", b'"send";r=12;t=1'),
    ]


def test_requests_that_began_windows_apart_do_not_take_the_lease_from_each_other(
    valkey: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = [AT]
    monkeypatch.setattr(limits, "time", SimpleNamespace(time=lambda: moment[0], monotonic=time.monotonic))

    async def run() -> list[bool]:
        limiter, name = Limiter(valkey.url), subject()
        first = asyncio.ensure_future(limiter.take_async(name, count=1, limit=20, window_seconds=1))
        await asyncio.sleep(0)
        moment[0] += 3
        second = limiter.take_async(name, count=1, limit=20, window_seconds=1)
        decisions = await asyncio.wait_for(asyncio.gather(first, second), 10)
        await limiter.aclose()
        return [decision.allowed for decision in decisions]

    assert asyncio.run(run()) == [True, True]
