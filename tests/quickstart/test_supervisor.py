import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from smsplatform.quickstart.services import Service
from smsplatform.quickstart.supervisor import BACKOFF_SECONDS, Child, StartFailed, Stopped, Supervisor
from tests.quickstart.test_children import gone

READY = re.compile(rb"ready")


def shell(name: str, script: str, **options: object) -> Service:
    return Service(name=name, command=["sh", "-c", script], ready=READY, **options)  # type: ignore[arg-type]  # few


class Heard(list[tuple[str, str]]):
    def say(self, name: str, line: str) -> None:
        self.append((name, line))


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def supervisor(tmp_path: Path, heard: Heard) -> Iterator[Supervisor]:
    made = Supervisor(tmp_path / "log", say=heard.say)
    yield made
    made.stop()


def step_until(supervisor: Supervisor, condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not condition():
        supervisor.step(0.02)
    return condition()


def test_start_returns_when_every_service_is_ready(supervisor: Supervisor, tmp_path: Path) -> None:
    began = time.monotonic()

    supervisor.start([shell("slow", "sleep 0.3; echo ready; sleep 60"), shell("quick", "echo ready; sleep 60")])

    assert time.monotonic() - began >= 0.3
    assert (tmp_path / "log" / "slow.log").read_bytes() == b"ready\n"
    assert [service["running"] for service in supervisor.state()] == [True, True]


def test_a_service_that_ends_before_it_is_ready_fails_the_start_with_its_last_words(supervisor: Supervisor) -> None:
    with pytest.raises(StartFailed, match="no such option"):
        supervisor.start([shell("broken", "echo no such option; exit 2")])


def test_a_service_that_is_never_ready_fails_the_start(supervisor: Supervisor) -> None:
    with pytest.raises(StartFailed, match="not ready"):
        supervisor.start([shell("mute", "sleep 60")], timeout_seconds=0.2)


def test_a_killed_child_is_reaped_and_started_again(supervisor: Supervisor, heard: Heard) -> None:
    supervisor.start([shell("fragile", "echo ready; exec sleep 60")])
    child = supervisor.children[0]
    assert child.process is not None
    first = child.process.pid

    os.kill(first, signal.SIGKILL)

    assert step_until(supervisor, lambda: child.running and child.process.pid != first)  # type: ignore[union-attr]  # it runs
    assert ("fragile", "ended with code -9; again in 0.2 s") in heard
    assert gone(first)


def test_restarts_come_slower_each_time_and_quickly_again_after_a_steady_while(tmp_path: Path) -> None:
    child = Child(shell("x", ""), tmp_path / "log")

    delays = [child.plan_restart(now=1.0) for _ in range(9)]

    assert delays == [*BACKOFF_SECONDS, 30.0, 30.0]
    assert child.plan_restart(now=1000.0) == BACKOFF_SECONDS[0]


def test_only_what_a_person_should_see_reaches_the_console(supervisor: Supervisor, heard: Heard) -> None:
    lines = ['{"level":"info","event":"usual"}', '{"level":"error","event":"broken"}', "FATAL:  no space"]
    supervisor.start([shell("talker", "".join(f"echo '{line}';" for line in lines) + "echo ready; sleep 60")])

    assert [line for _, line in heard] == lines[1:]


def test_stop_ends_everything_and_waits_for_it(supervisor: Supervisor) -> None:
    supervisor.start([shell("server", "echo ready; exec sleep 60")])
    supervisor.start([shell("client", "trap 'sleep 0.2; exit 0' TERM; echo ready; while :; do sleep 0.05; done")])
    processes = [child.process for child in supervisor.children]

    supervisor.stop()

    assert [process.returncode for process in processes if process] == [-15, 0]


def test_a_service_that_ignores_the_request_to_stop_is_killed(supervisor: Supervisor) -> None:
    script = "trap '' TERM; echo ready; while :; do sleep 0.05; done"
    supervisor.start([shell("deaf", script, stop_seconds=0.2)])

    supervisor.stop()

    assert supervisor.children[0].process is not None
    assert supervisor.children[0].process.returncode == -9


def test_a_signal_while_starting_ends_the_start(supervisor: Supervisor) -> None:
    supervisor.stopping = True

    with pytest.raises(Stopped):
        supervisor.start([shell("mute", "sleep 60")])


def test_a_log_that_grew_large_makes_room_for_a_new_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smsplatform.quickstart.supervisor.LOG_BYTES_MAX", 10)
    child = Child(shell("x", ""), tmp_path / "x.log")

    for text in (b"first, long enough\n", b"second\n"):
        child.write(text)

    assert (tmp_path / "x.log").read_bytes() == b"second\n"
    assert (tmp_path / "x.log.1").read_bytes() == b"first, long enough\n"
