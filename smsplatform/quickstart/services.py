"""The processes of an embedded installation: what each runs, when it is ready, how it is stopped."""

import http.client
import json
import re
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from smsplatform.quickstart import databases
from smsplatform.quickstart.postgres import Cluster
from smsplatform.quickstart.valkey import Valkey

HOST = "127.0.0.1"
# One worker for all queues: a second costs 100 MB and brings nothing on two cores (docs/performance.md). Two of these
# threads wait on carriers and webhooks; tests/architecture checks that no queue is forgotten.
THREADS = "8"
QUEUES = ("submission", "receipts", "webhooks", "billing", "privacy", "default")


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    """One process. It is ready when ``probe`` says so, or a line of its output matches ``ready``."""

    name: str
    command: list[str | Path]
    env: dict[str, str] = field(default_factory=dict)
    probe: Callable[[], bool] | None = None
    ready: re.Pattern[bytes] | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 15.0


def postgres(cluster: Cluster) -> Service:
    return Service(
        name="postgres",
        command=cluster.command(),
        env=cluster.environment(),
        probe=cluster.answers,
        stop_signal=signal.SIGINT,  # fast shutdown
        death_signal=cluster.death_signal,
        stop_seconds=60.0,
    )


def valkey(server: Valkey) -> Service:
    return Service(name="valkey", command=server.command(), probe=server.answers)


def sandbox(*, smpp_port: int, control_port: int) -> Service:
    command: list[str | Path] = [sys.executable, "-m", "messaging.sandbox", "--host", HOST, "--port", str(smpp_port)]
    return Service(
        name="carrier",
        command=[*command, "--control", f"{HOST}:{control_port}"],
        env={"PYTHONPATH": str(databases.ROOT), "PYTHONUNBUFFERED": "1"},
        ready=re.compile(rb'"smpp_port"'),
    )


def web(env: dict[str, str], *, port: int) -> Service:
    command: list[str | Path] = [
        *(sys.executable, "-m", "uvicorn", "smsplatform.asgi:application", "--host", HOST, "--port", str(port)),
        *("--loop", "uvloop", "--http", "httptools", "--ws", "none", "--no-access-log", "--no-server-header"),
        *("--no-proxy-headers", "--log-level", "warning", "--timeout-graceful-shutdown", "10"),
    ]
    return Service(name="web", command=command, env=env, probe=lambda: answers(port, "/livez"))


def worker(env: dict[str, str]) -> Service:
    command: list[str | Path] = [
        *(sys.executable, "-m", "celery", "-A", "smsplatform", "worker", "-n", "worker@%h"),
        *("-P", "threads", "-c", THREADS, "-Q", ",".join(QUEUES), "--loglevel", "INFO"),
        *("--without-gossip", "--without-mingle", "--without-heartbeat"),
    ]
    return Service(name="worker", command=command, env=env, ready=re.compile(rb"ready\."))


def beat(env: dict[str, str], *, directory: Path) -> Service:
    """Publishes the schedule. Without Django: it needs no model and stays small."""
    light = {name: value for name, value in env.items() if name != "DJANGO_SETTINGS_MODULE"}
    return Service(
        name="beat",
        command=[
            *(sys.executable, "-m", "celery", "-A", "smsplatform", "beat", "--loglevel", "INFO"),
            *("--schedule", directory / "beat", "--pidfile", ""),
        ],
        env=light,
        ready=re.compile(rb"beat: Starting"),
    )


def answers(port: int, path: str) -> bool:
    """Whether the web process answers 200."""
    connection = http.client.HTTPConnection(HOST, port, timeout=2)
    try:
        connection.request("GET", path, headers={"Host": "localhost"})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def free_port(wanted: int, *, tries: int = 1) -> int | None:
    """``wanted`` or one of the next ports that nobody listens on; 0 is any."""
    for port in range(wanted, wanted + tries):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            found: int = probe.getsockname()[1]
            return found
    return None


def remembered_ports(path: Path) -> dict[str, int]:
    """Ports of the simulated carrier, kept over restarts while they are free."""
    known = json.loads(path.read_text()) if path.exists() else {}
    ports = {name: free_port(known.get(name, 0)) or free_port(0) for name in ("smpp", "control")}
    path.write_text(json.dumps(ports))
    return {name: port for name, port in ports.items() if port is not None}


def handsets_url(control_port: int) -> str:
    return f"http://{HOST}:{control_port}"


def base_environment(env: dict[str, str], *, url: str, control_port: int) -> dict[str, str]:
    """What web and workers run with: everything but the owner's right to change tables."""
    run_time = {name: value for name, value in env.items() if name != "OWNER_DATABASE_URL"}
    return {
        **run_time,
        "BASE_URL": url,
        "HANDSETS_URL": handsets_url(control_port),
        "DJANGO_SETTINGS_MODULE": "smsplatform.settings",
        "PYTHONPATH": str(databases.ROOT),
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": "ignore:You're running the worker",  # as root; everything here is the user's own machine
        "MALLOC_ARENA_MAX": "2",
    }
