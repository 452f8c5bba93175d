"""Runs services until told to stop: ordered start, readiness, logs, restarts with back-off, clean end.

Everything happens in the main thread, because the kernel ties a child's death signal to the thread that made
it. Output of the children goes to ``<run>/log/<name>.log``; what a person should see also to the console.
"""

import os
import re
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FrameType
from typing import IO

from smsplatform.quickstart import children
from smsplatform.quickstart.services import Service

BACKOFF_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
STEADY_SECONDS = 60.0  # after this long the next failure counts as the first
SHELL = ("PATH", "HOME", "LANG", "TZ", "TMPDIR", "VIRTUAL_ENV", "EMAIL_URL", "LOG_LEVEL")
LOG_BYTES_MAX = 10 * 2**20
# What a person should see of the logs: JSON lines from warning upwards, PostgreSQL's failures, uncaught exceptions.
IMPORTANT = re.compile(
    rb'"level": ?"(warning|error|critical)"|\b(ERROR|FATAL|PANIC): |^Traceback|^[A-Za-z_.]+(Error|Failed): '
)
EXPECTED = re.compile(
    rb"the database system is (starting up|shutting down|not yet accepting)|due to administrator command"
)


class StartFailed(RuntimeError):
    """A service did not become ready; the message names its log."""


class Stopped(Exception):
    """A signal asked us to stop while we were starting."""


class Child:
    """A service and its current process."""

    def __init__(self, service: Service, log: Path) -> None:
        self.service = service
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None
        self.started_at = 0.0
        self.failures = 0
        self.restarts = 0
        self.restart_at: float | None = None
        self.said_ready = False

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> IO[bytes]:
        """A new process; its output is the answer."""
        self.said_ready, self.restart_at, self.started_at = False, None, time.monotonic()
        self.process = children.spawn(
            self.service.command,
            env={**_shell(), **self.service.env},
            output=subprocess.PIPE,
            death_signal=self.service.death_signal,
        )
        assert self.process.stdout is not None
        os.set_blocking(self.process.stdout.fileno(), False)
        return self.process.stdout

    def signal(self, number: signal.Signals) -> None:
        if self.process is not None:
            self.process.send_signal(number)  # does nothing once the child is reaped

    def is_ready(self) -> bool:
        return self.running and (self.service.probe() if self.service.probe else self.said_ready)

    def write(self, text: bytes) -> None:
        """Append to the log; one older file is kept."""
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES_MAX:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as file:
            file.write(text)
        if self.service.ready and self.service.ready.search(text):
            self.said_ready = True

    def plan_restart(self, now: float) -> float:
        """Seconds until the next try: longer each time, short again after a steady while."""
        if now - self.started_at > STEADY_SECONDS:
            self.failures = 0
        delay = BACKOFF_SECONDS[min(self.failures, len(BACKOFF_SECONDS) - 1)]
        self.failures, self.restarts, self.restart_at = self.failures + 1, self.restarts + 1, now + delay
        return delay


class Supervisor:
    """``start`` services in order, then ``run``; ``stop`` always."""

    def __init__(self, directory: Path, *, say: Callable[[str, str], None]) -> None:
        self._logs = directory
        self._say = say
        self._selector = selectors.DefaultSelector()
        self._groups: list[list[Child]] = []
        self.stopping = False
        self._logs.mkdir(parents=True, exist_ok=True, mode=0o700)

    @property
    def children(self) -> list[Child]:
        """All of them, in the order of their start."""
        return [child for group in self._groups for child in group]

    def take_signals(self) -> None:
        """Explicitly: a background job of a script inherits SIGINT ignored."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self.stopping:  # asked twice: at once
            for child in self.children:
                if child.service.stop_signal != signal.SIGINT:  # PostgreSQL is quick and must end cleanly
                    child.signal(signal.SIGKILL)
        self.stopping = True

    def start(self, services: Iterable[Service], *, timeout_seconds: float = 60.0) -> None:
        """Start these side by side and return when all are ready. Raises ``StartFailed`` and ``Stopped``."""
        new = [Child(service, self._logs / f"{service.name}.log") for service in services]
        self._groups.append(new)
        for child in new:
            self._launch(child)
        deadline = time.monotonic() + timeout_seconds
        waiting = new
        while waiting:
            self._pump(0.02)
            if self.stopping:
                raise Stopped
            for child in waiting:
                if not child.running:
                    self._pump(0.1)
                    raise StartFailed(f"{child.service.name} ended; see {child.log}\n{_tail(child.log)}")
            if time.monotonic() > deadline:
                raise StartFailed(f"{waiting[0].service.name} is not ready after {timeout_seconds:.0f} s; see its log")
            waiting = [child for child in waiting if not child.is_ready()]

    def step(self, timeout_seconds: float) -> None:
        """One round: pass output on, reap the dead, start again what is due. Raises nothing on a signal."""
        self._pump(timeout_seconds)
        now = time.monotonic()
        for child in self.children:
            if child.restart_at is None:
                if not child.running and not self.stopping:
                    self._note_end(child, now)
            elif now >= child.restart_at:
                self._launch(child)

    def state(self) -> list[dict[str, object]]:
        """For ``--status``."""
        return [
            {
                "name": child.service.name,
                "pid": child.process.pid if child.process else None,
                "running": child.running,
                "restarts": child.restarts,
            }
            for child in self.children
        ]

    def stop(self) -> None:
        """In reverse order of the start, servers last. Every child is reaped."""
        self.stopping = True
        for group in reversed(self._groups):
            for child in group:
                child.signal(child.service.stop_signal)
            for child in group:
                self._await_end(child)
        self._selector.close()

    def _await_end(self, child: Child) -> None:
        """Reads on meanwhile: a child that writes while nobody reads would hang in its goodbye."""
        deadline = time.monotonic() + child.service.stop_seconds
        while child.running and time.monotonic() < deadline:
            self._pump(0.02)
        self._pump(0)
        if child.process is not None:
            children.stop(child.process, stop_signal=signal.SIGKILL, timeout_seconds=5)

    def _launch(self, child: Child) -> None:
        self._selector.register(child.start(), selectors.EVENT_READ, child)

    def _note_end(self, child: Child, now: float) -> None:
        assert child.process is not None
        delay = child.plan_restart(now)
        self._say(child.service.name, f"ended with code {child.process.returncode}; again in {delay:g} s")

    def _pump(self, timeout_seconds: float) -> None:
        """Move output of the children to their logs, once."""
        if not self._selector.get_map():
            time.sleep(timeout_seconds)
            return
        for key, _ in self._selector.select(timeout_seconds):
            child: Child = key.data
            pipe: IO[bytes] = key.fileobj  # type: ignore[assignment]  # registered as such
            text = pipe.read(65536)
            if text == b"":
                self._selector.unregister(pipe)
                pipe.close()
            elif text:
                child.write(text)
                for line in text.splitlines():
                    if IMPORTANT.search(line) and not EXPECTED.search(line) and not self.stopping:
                        self._say(child.service.name, line.decode(errors="replace"))


def _shell() -> dict[str, str]:
    """Of our own environment only what programs need to run; settings come from the service."""
    return {name: os.environ[name] for name in SHELL if name in os.environ}


def _tail(path: Path, lines: int = 15) -> str:
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:]) if path.exists() else ""
