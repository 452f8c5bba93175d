import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from uuid import uuid4

import pytest
from celery import Celery
from celery._state import get_current_app
from hypothesis import given
from hypothesis import strategies as st

from smsplatform.lib import tasks
from smsplatform.lib.tasks import Ladder, RefusedArgument, Wakeups, task


@pytest.fixture
def app() -> Iterator[Celery]:
    previous = get_current_app()
    app = Celery("test", broker="memory://", set_as_current=True)
    yield app
    previous.set_current()


def name() -> str:
    return f"tests.{uuid4()}"


@pytest.mark.parametrize(
    "value",
    [
        "2a297678-2528-4afc-a32c-c9d4e2197d7a",
        uuid4(),
        "msg_01m7ytkkssefr86pqkpwr5mc72",
        "2026-03-01",
        "wallet_low",
        "message.delivered",
        7,
        True,
        None,
        [str(uuid4()), str(uuid4())],
    ],
)
def test_ids_dates_words_and_small_numbers_may_be_sent(value: object) -> None:
    tasks.check_arguments({"value": value})


@pytest.mark.promise("duty-01")
@pytest.mark.parametrize(
    "value",
    [
        "+31612345678",
        "31612345678",
        31612345678,
        -31612345678,
        "jo@example.com",
        "Your code is 1234",
        "code1234",
        "192.0.2.1",
        "hello world",
        "",
        "x" * 41,
        b"bytes",
        1.5,
        {"to": "x"},
        ["+31612345678"],
        [["nested"]],
        ["x"] * 1001,
    ],
)
def test_whatever_could_be_a_person_is_refused_without_being_repeated(value: object) -> None:
    with pytest.raises(RefusedArgument) as caught:
        tasks.check_arguments({"to": value})

    assert str(caught.value) == "the argument to is not an id"


def test_a_task_ignores_arguments_it_does_not_know_and_checks_the_others(app: Celery) -> None:
    seen: list[str] = []

    @task(name=name(), queue="default")
    def note(*, message: str) -> None:
        seen.append(message)

    note(message="one", added_later="+31612345678")
    with pytest.raises(RefusedArgument):
        note(message="+31612345678")

    assert seen == ["one"]


def test_publishing_refuses_before_the_broker_sees_anything(app: Celery) -> None:
    @task(name=name(), queue="receipts")
    def note(*, message: str) -> None: ...

    with pytest.raises(RefusedArgument):
        note.apply_async(kwargs={"message": "+31612345678"})
    with pytest.raises(RefusedArgument):
        note.delay(message="jo@example.com")
    with pytest.raises(TypeError, match="keyword arguments only"):
        note.apply_async(["one"])

    assert _waiting(app, "receipts") == 0


def test_a_published_task_goes_to_its_own_queue(app: Celery) -> None:
    @task(name=name(), queue="webhooks")
    def note(*, message: str) -> None: ...

    note.apply_async(kwargs={"message": str(uuid4())})

    assert _waiting(app, "webhooks") == 1


def _waiting(app: Celery, queue: str) -> int:
    with app.connection_for_write() as connection:
        found = connection.SimpleQueue(queue)
        count: int = found.qsize()
        found.clear()
        found.close()
    return count


def test_positional_and_open_ended_parameters_are_refused_when_the_task_is_defined(app: Celery) -> None:
    def positional(message: str) -> None: ...

    def open_ended(**anything: str) -> None: ...

    for function in (positional, open_ended):
        with pytest.raises(TypeError, match="keyword-only"):
            task(name=name(), queue="default")(function)


@given(st.integers(0, 2), st.floats(0, 1))
def test_a_step_of_the_ladder_is_spread_by_its_jitter(attempt: int, chance: float) -> None:
    ladder = Ladder(delays=(2.0, 10.0, 60.0), jitter=0.2)

    delay = ladder.delay(attempt, chance)

    assert delay is not None
    assert 0.8 * ladder.delays[attempt] <= delay <= 1.2 * ladder.delays[attempt] + 1e-9


def test_a_ladder_has_an_end_and_without_jitter_exact_steps() -> None:
    ladder = Ladder(delays=(0.0, 5.0))

    assert [ladder.delay(attempt, 0.9) for attempt in range(4)] == [0.0, 5.0, None, None]


@pytest.mark.parametrize(("delays", "jitter"), [((), 0.0), ((-1.0,), 0.0), ((1.0,), 1.0), ((1.0,), -0.1)])
def test_an_impossible_ladder_is_refused(delays: tuple[float, ...], jitter: float) -> None:
    with pytest.raises(ValueError, match="ladder"):
        Ladder(delays=delays, jitter=jitter)


class Simulation:
    """A clock and the timers set on it; ``run_to`` fires what is due, in order."""

    def __init__(self) -> None:
        self.now = 100.0
        self.timers: list[tuple[float, Callable[[], None]]] = []
        self.published: list[tuple[float, str]] = []
        self.wakeups = Wakeups(self.publish, per_second=4, monotonic=lambda: self.now, later=self.later)

    def publish(self, key: str) -> None:
        self.published.append((self.now, key))

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        self.timers.append((self.now + seconds, call))

    def run_to(self, moment: float) -> None:
        while due := [timer for timer in self.timers if timer[0] <= moment]:
            timer = min(due, key=lambda item: item[0])
            self.timers.remove(timer)
            self.now = max(self.now, timer[0])
            timer[1]()
        self.now = moment


def test_the_first_wakeup_goes_out_at_once_and_many_more_become_one_at_the_end_of_the_interval() -> None:
    simulation = Simulation()

    simulation.wakeups.wake("a")
    simulation.run_to(100.0)
    for step in range(20):
        simulation.run_to(100.0 + step * 0.01)
        simulation.wakeups.wake("a")
    simulation.run_to(110.0)

    assert simulation.published == [(100.0, "a"), (100.25, "a")]


def test_keys_do_not_slow_each_other_down() -> None:
    simulation = Simulation()

    for key in ("a", "b", "a", "b"):
        simulation.wakeups.wake(key)
        simulation.run_to(100.0)
    simulation.run_to(110.0)

    assert simulation.published == [(100.0, "a"), (100.0, "b"), (100.25, "a"), (100.25, "b")]


def test_after_a_quiet_interval_the_next_wakeup_is_immediate_again() -> None:
    simulation = Simulation()

    simulation.wakeups.wake()
    simulation.run_to(100.3)
    simulation.wakeups.wake()
    simulation.run_to(100.3)

    assert [at for at, _ in simulation.published] == [100.0, 100.3]


@given(st.lists(st.floats(0, 0.2), min_size=1, max_size=60))
def test_every_wakeup_is_followed_by_a_publication_within_the_interval_and_none_come_closer(gaps: list[float]) -> None:
    simulation = Simulation()
    woken: list[float] = []
    moment = 100.0
    for gap in gaps:
        moment += gap
        simulation.run_to(moment)
        simulation.wakeups.wake("a")
        woken.append(moment)
        simulation.run_to(moment)
    simulation.run_to(moment + 1)

    times = [at for at, _ in simulation.published]
    assert all(any(at <= published <= at + 0.25 + 1e-9 for published in times) for at in woken)
    assert all(second - first >= 0.25 - 1e-9 for first, second in pairwise(times))


def test_work_that_arrives_while_a_wakeup_is_published_wakes_again() -> None:
    simulation = Simulation()

    def publish(key: str) -> None:
        simulation.published.append((simulation.now, key))
        if len(simulation.published) == 1:
            simulation.wakeups.wake(key)

    simulation.wakeups = Wakeups(publish, monotonic=lambda: simulation.now, later=simulation.later)
    simulation.wakeups.wake("a")
    simulation.run_to(101.0)

    assert [at for at, _ in simulation.published] == [100.0, 100.25]


def test_a_failed_publication_is_logged_and_the_next_one_goes_out(caplog: pytest.LogCaptureFixture) -> None:
    simulation = Simulation()

    def publish(key: str) -> None:
        simulation.published.append((simulation.now, key))
        raise ConnectionError("redis://secret@host")

    simulation.wakeups = Wakeups(publish, monotonic=lambda: simulation.now, later=simulation.later)
    simulation.wakeups.wake("a")
    simulation.run_to(101.0)
    simulation.wakeups.wake("a")
    simulation.run_to(102.0)

    assert len(simulation.published) == 2
    assert [record.message for record in caplog.records] == ["wakeup_lost", "wakeup_lost"]
    assert "secret" not in caplog.text


def test_threads_waking_in_real_time_are_coalesced_and_the_last_of_them_is_heard() -> None:
    published: list[float] = []
    wakeups = Wakeups(lambda _: published.append(time.monotonic()), per_second=20)
    last = [0.0] * 4

    def work(index: int) -> None:
        for _ in range(100):
            last[index] = time.monotonic()
            wakeups.wake("a")
            time.sleep(0.002)

    threads = [threading.Thread(target=work, args=(index,)) for index in range(4)]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    deadline = time.monotonic() + 2
    while (not published or published[-1] < max(last)) and time.monotonic() < deadline:
        time.sleep(0.005)

    assert published[-1] >= max(last)
    assert len(published) <= (time.monotonic() - started) * 20 + 2
