"""A whole installation of its own for one bench: servers with the disk flushed, web, workers, beat, carrier, load.

Everything lives in one directory under the temp area and ends with the ``with`` block. Benches use test mode, whose
numbers and money are like real ones.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from smsplatform.quickstart import children, databases, postgres
from smsplatform.quickstart.credentials import Credentials
from smsplatform.quickstart.valkey import Valkey

Process = subprocess.Popen[bytes]
QUEUES = "receipts,webhooks,billing,privacy,default"
WORKER = ("--pool", "threads", "--loglevel", "WARNING", "--without-gossip", "--without-mingle", "--without-heartbeat")


class Stack:
    """The running installation. ``processes`` are those whose cost is measured; the others are tools."""

    def __init__(self, directory: Path, *, workers: int) -> None:
        self.directory = directory
        self.processes: dict[str, Process] = {}
        self.tools: list[Process] = []
        self.web_port = self.carrier_port = 0
        self.workspaces: list[dict[str, str]] = []
        self.credentials = Credentials.generate()
        self.cluster = postgres.Cluster(
            data=directory / "pg", sockets=directory / "s", password=self.credentials.superuser
        )
        self.valkey = Valkey(directory=directory / "valkey", socket=directory / "v.sock")
        self._workers = workers
        self.env: dict[str, str] = {}

    def start_servers(self) -> None:
        """PostgreSQL and Valkey, databases migrated."""
        self.directory.chmod(0o711)
        self.cluster.initialise()
        self.processes["postgres"] = self.cluster.start(output=self._log("postgres"))
        self.processes["valkey"] = self.valkey.start(output=self._log("valkey"))
        self.cluster.wait(self.processes["postgres"])
        self.valkey.wait(self.processes["valkey"])
        databases.create(cluster=self.cluster, credentials=self.credentials)
        env = databases.environment(
            cluster=self.cluster, valkey=self.valkey, credentials=self.credentials, run_dir=self.directory
        )
        databases.migrate(env)
        self.env = {**os.environ, **env, "DJANGO_SETTINGS_MODULE": "smsplatform.settings", "LOG_LEVEL": "WARNING"}
        self.env["MALLOC_ARENA_MAX"] = "2"  # as in the quick start and deploy/
        (self.directory / "static").mkdir(exist_ok=True)

    def start_carrier(self, receipt_seconds: float) -> None:
        """The simulated carrier in its cheap form."""
        script = json.dumps({"receipt_delay": receipt_seconds})
        command = [sys.executable, "-m", "messaging.sandbox", "--port", "0", "--fast", "--script", script]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        self.tools.append(process)
        assert process.stdout is not None
        self.carrier_port = json.loads(process.stdout.readline())["smpp_port"]

    def seed(self, **wanted: Any) -> None:
        """Workspaces, keys, carrier and endpoints; see ``bench.seed``."""
        command = [sys.executable, "-m", "bench.seed", json.dumps(wanted)]
        done = subprocess.run(command, env=self.env, check=True, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        self.workspaces = json.loads(done.stdout)

    def start_product(self) -> None:
        """Web, workers and beat. The owner's password is not theirs to know, and beat needs no Django."""
        self.web_port = free_port()
        python = sys.executable
        web = [python, "-m", "uvicorn", "smsplatform.asgi:application", "--host", "127.0.0.1"]
        web += ["--port", str(self.web_port), "--no-access-log", "--log-level", "warning", "--loop", "uvloop"]
        web += ["--http", "httptools", "--no-proxy-headers", "--no-server-header", "--no-date-header"]
        self._spawn("web", web)
        celery = [python, "-m", "celery", "-A", "smsplatform", "worker", *WORKER]
        if self._workers == 1:
            self._spawn("worker", [*celery, "-c", "8", "-n", "all@%h", "-Q", f"submission,{QUEUES}"])
        else:
            self._spawn("submission", [*celery, "-c", "3", "-n", "submission@%h", "-Q", "submission"])
            self._spawn("worker", [*celery, "-c", "4", "-n", "default@%h", "-Q", QUEUES])
        self._spawn("beat", [python, "-m", "celery", "-A", "smsplatform", "beat", "--loglevel", "WARNING"])
        self._wait_for_web()

    def _spawn(self, name: str, command: list[str]) -> None:
        hidden = {"OWNER_DATABASE_URL"} | ({"DJANGO_SETTINGS_MODULE"} if name == "beat" else set())
        env = {key: value for key, value in self.env.items() if key not in hidden}
        self.processes[name] = children.spawn(command, env=env, output=self._log(name), cwd=databases.ROOT)

    def _log(self, name: str) -> Any:
        return (self.directory / f"{name}.log").open("ab")

    def _wait_for_web(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.web_port}/v1/none", timeout=2).close()
            except urllib.error.HTTPError:
                break
            except OSError:
                time.sleep(0.1)
        else:
            raise TimeoutError("the web process did not answer")
        self._wait_for_bind()

    def _wait_for_bind(self) -> None:
        deadline = time.monotonic() + 60
        with self.cluster.connect(databases.MAIN) as connection:
            while time.monotonic() < deadline:
                row = connection.execute("SELECT count(*) FROM messaging_bind_lease WHERE bound").fetchone()
                if row and row[0]:
                    return
                time.sleep(0.1)
        raise TimeoutError("no carrier session was bound")

    def stop(self) -> None:
        """End everything, the product before its servers."""
        for name in ("beat", "web", "submission", "worker"):
            if name in self.processes:
                children.stop(self.processes[name], stop_signal=signal.SIGTERM, timeout_seconds=12)
        for tool in self.tools:
            tool.terminate()
            tool.wait(5)
        for name in ("valkey", "postgres"):
            if name in self.processes:
                children.stop(self.processes[name], stop_signal=signal.SIGINT, timeout_seconds=30)

    def remove(self) -> None:
        """Delete the directory, unless BENCH_KEEP asks to look into it."""
        if os.environ.get("BENCH_KEEP"):
            sys.stderr.write(f"kept {self.directory}\n")
        else:
            shutil.rmtree(self.directory, ignore_errors=True)


class Generator:
    """The load generator's process; one request and one answer per line."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "bench.load"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.sink_port: int = self._answer()["sink"]

    def run(self, **plan: Any) -> dict[str, Any]:
        """Do one plan (see ``bench.load.Plan``); its result."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(plan).encode() + b"\n")
        self.process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer


@contextmanager
def running(
    *, workspaces: int = 1, workers: int = 1, receipt_seconds: float = 0.5, callbacks: bool = True, window: int = 1000
) -> Iterator[tuple[Stack, Generator]]:
    """An installation under no load yet, and the generator beside it."""
    directory = Path(tempfile.mkdtemp(prefix="spb-"))
    stack = Stack(directory, workers=workers)
    generator = Generator()
    stack.tools.append(generator.process)
    try:
        stack.start_servers()
        stack.start_carrier(receipt_seconds)
        sink = generator.sink_port if callbacks else 0
        stack.seed(workspaces=workspaces, smpp_port=stack.carrier_port, sink_port=sink, window=window)
        stack.start_product()
        yield stack, generator
    finally:
        stack.stop()
        stack.remove()


def free_port() -> int:
    """A port of loopback nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
