"""An embedded installation on disk: its directory, its lock, its servers, its demo."""

import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from smsplatform.quickstart import databases, files
from smsplatform.quickstart.credentials import Credentials
from smsplatform.quickstart.postgres import Cluster, socket_directory
from smsplatform.quickstart.valkey import Valkey

KEPT_BY_RESET = {"test-template", "lock"}


class AlreadyRunning(RuntimeError):
    """Another quick start uses this directory; its process id is the message."""


class Installation:
    """Everything under one directory of mode 0700, ``.run`` beside the code."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.state_file = directory / "state.json"
        self.demo_file = directory / "demo.json"
        self.log_directory = directory / "log"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One supervisor at a time. Raises ``AlreadyRunning``. The kernel lets go when we die."""
        with (self.directory / "lock").open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise AlreadyRunning(str(self.running())) from None
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            try:
                yield
            finally:
                lock.truncate(0)

    def running(self) -> int | None:
        """Process id of the supervisor that holds the lock."""
        path = self.directory / "lock"
        if not path.exists():
            return None
        with path.open("r+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return int(lock.read() or 0) or None
        return None

    def open(self) -> None:
        """Make or find credentials and servers. Call under the lock."""
        (self.directory / "static").mkdir(exist_ok=True)
        self.credentials = Credentials.load_or_create(self.directory / "credentials.json")
        sockets = self._sockets()
        self.cluster = Cluster(data=self.directory / "pg", sockets=sockets, password=self.credentials.superuser)
        self.valkey = Valkey(directory=self.directory / "valkey", socket=sockets.parent / f"{sockets.name}-v" / "sock")
        self.env = databases.environment(
            cluster=self.cluster, valkey=self.valkey, credentials=self.credentials, run_dir=self.directory
        )

    def _sockets(self) -> Path:
        """The directory of sockets is remembered, since it may lie in the temp area."""
        memory = self.directory / "sockets"
        if memory.exists() and Path(memory.read_text()).parent.is_dir():
            return Path(memory.read_text())
        chosen = socket_directory(self.directory / "s")
        memory.write_text(str(chosen))
        return chosen

    @property
    def migrated(self) -> bool:
        stamp = self.directory / "migrated"
        return stamp.exists() and stamp.read_text() == databases.fingerprint()

    def note_migrated(self) -> None:
        (self.directory / "migrated").write_text(databases.fingerprint())

    def write_env(self, *, url: str, handsets_url: str) -> None:
        """For ``manage.py shell`` and friends; the settings read it when nothing else is set."""
        lines = {**self.env, "BASE_URL": url, "HANDSETS_URL": handsets_url}
        files.write_private(self.directory / "env", "".join(f'{name}="{value}"\n' for name, value in lines.items()))

    def demo(self) -> dict[str, Any]:
        """The demo's secrets, empty when there is no demo."""
        known: dict[str, Any] = json.loads(self.demo_file.read_text()) if self.demo_file.exists() else {}
        return known

    def write_demo(self, made: dict[str, Any], *, url: str) -> dict[str, Any]:
        whole = {"url": url, "sign_in_url": f"{url}/sign-in", **{k: v for k, v in made.items() if "url" not in k}}
        files.write_private(self.demo_file, json.dumps(whole, indent=2) + "\n")
        return whole

    def reset(self) -> None:
        """Delete all data. Call under the lock."""
        for path in self.directory.iterdir():
            if path.name not in KEPT_BY_RESET:
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def wait_until_free(self, *, timeout_seconds: float = 60.0) -> bool:
        deadline = time.monotonic() + timeout_seconds
        while time.monotonic() < deadline:
            if self.running() is None:
                return True
            time.sleep(0.05)
        return False
