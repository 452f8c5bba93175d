"""Gives every test session a PostgreSQL cluster and a Valkey of its own, thrown away at the end.

Loaded with ``-p`` so that it acts before pytest-django reads the settings. The controller (or the only
process) copies a migrated template cluster, which is cached under ``.run/test-template`` and made anew
when a migration changes; each xdist worker clones the databases for itself. Tests commit: nothing is
rolled back or flushed, so each test works in a workspace of its own.
"""

import atexit
import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from smsplatform.lib import clock
from smsplatform.quickstart import children, databases, postgres
from smsplatform.quickstart.credentials import Credentials
from smsplatform.quickstart.valkey import Valkey

SESSION = "SMSPLATFORM_TEST_SESSION"  # directory of the running session, for the workers
PREFIX = "sptest-"
STALE_SECONDS = 60
TEMPLATES_MAX = 3
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")

Process = subprocess.Popen[bytes]


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(args: list[str]) -> Iterator[None]:
    """As a wrapper it runs before pytest-django loads the settings in the same hook."""
    if not {"--help", "-h", "--version", "-V"}.intersection(args):
        if not WORKER:
            _begin()
        else:
            _join(Path(os.environ[SESSION]))
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, Any, Any]:
    """Tests feed half characters to the logs on purpose; a worker could not send captured ones to the controller."""
    report: Any = yield
    report.sections = [(name, text.encode("utf-8", "backslashreplace").decode()) for name, text in report.sections]
    return report


@pytest.fixture(scope="session")
def django_db_setup() -> None:
    """The databases exist already; pytest-django makes none."""


@pytest.fixture(scope="session", autouse=True)
def _databases_open(django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock():
        yield


def _begin() -> None:
    _sweep()
    directory = Path(tempfile.mkdtemp(prefix=PREFIX))
    (directory / "static").mkdir()  # whitenoise warns when it is missing, and warnings are errors
    lock = (directory / "lock").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    processes: list[Process] = []
    atexit.register(_end, directory, processes, lock)  # which also keeps the lock until then
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)  # pytest cleans up after KeyboardInterrupt
    try:
        _copy_template(directory / "cluster")
    except databases.CommandFailed as error:
        pytest.exit(f"The test databases cannot be migrated.\n{error}", returncode=3)
    cluster, valkey, credentials = _services(directory)
    processes += [cluster.start(output=(directory / "postgres.log").open("wb")), valkey.start()]
    cluster.wait(processes[0])
    valkey.wait(processes[1])
    os.environ[SESSION] = str(directory)
    _export(databases.environment(cluster=cluster, valkey=valkey, credentials=credentials, run_dir=directory))
    with contextlib.suppress(FileNotFoundError):  # written while the template migrated, if at all
        shutil.copy(directory / "cluster" / "vault.json", directory)


def _join(directory: Path) -> None:
    """An xdist worker: databases of its own on the session's servers."""
    cluster, valkey, credentials = _services(directory)
    databases.clone(cluster=cluster, suffix=f"_{WORKER}")
    number = int(WORKER.removeprefix("gw") or 0) + 1
    own = databases.environment(
        cluster=cluster,
        valkey=valkey,
        credentials=credentials,
        run_dir=directory,
        suffix=f"_{WORKER}",
        broker=2 * number,
    )
    _export(own)


def _end(directory: Path, processes: list[Process], lock: IO[str]) -> None:
    for process in processes:
        children.stop(process, stop_signal=signal.SIGQUIT, timeout_seconds=5)
    shutil.rmtree(directory, ignore_errors=True)
    lock.close()


def _export(env: dict[str, str]) -> None:
    # A test asks faster than any program may; the one about this limit sets its own.
    os.environ.update(env, DJANGO_SETTINGS_MODULE="smsplatform.settings", API_REQUESTS_MAX="1000000")
    from smsplatform.celery import app

    app.conf.update(broker_url=env["BROKER_URL"])  # imported before the environment was known


def _services(directory: Path) -> tuple[postgres.Cluster, Valkey, Credentials]:
    credentials = Credentials.load_or_create(directory / "cluster" / "credentials.json")
    cluster = postgres.Cluster(
        data=directory / "cluster" / "pg", sockets=directory / "s", password=credentials.superuser, durable=False
    )
    return cluster, Valkey(directory=directory, socket=directory / "v.sock", durable=False), credentials


def _sweep() -> None:
    """Remove what sessions left behind that were killed; their servers died with them."""
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError), (left / "lock").open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if time.time() - left.stat().st_mtime > STALE_SECONDS:
                shutil.rmtree(left, ignore_errors=True)


def _copy_template(target: Path) -> None:
    """One builder at a time; copying goes on side by side."""
    home = databases.ROOT / ".run" / "test-template"
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    # The day is part of the name because migrations make partitions for the days ahead.
    template = home / f"{databases.fingerprint()}-{clock.now():%Y%m%d}-{os.geteuid()}"
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        if not template.exists():
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not template.exists():
                _build_template(template)
                _prune(home)
            fcntl.flock(lock, fcntl.LOCK_SH)
        subprocess.run(["cp", "-a", "--reflink=auto", str(template), str(target)], check=True)


def _build_template(template: Path) -> None:
    directory = Path(tempfile.mkdtemp(prefix="sp-template-"))
    servers: list[Process] = []
    try:
        (directory / "cluster").mkdir()
        cluster, valkey, credentials = _services(directory)
        cluster.initialise()
        servers.append(cluster.start())
        cluster.wait(servers[0])
        databases.create(cluster=cluster, credentials=credentials)
        env = databases.environment(
            cluster=cluster, valkey=valkey, credentials=credentials, run_dir=directory / "cluster"
        )
        databases.migrate(env)
        postgres.stop(servers[0])
        unfinished = template.with_suffix(".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        subprocess.run(["cp", "-a", str(directory / "cluster"), str(unfinished)], check=True)
        unfinished.rename(template)
    finally:
        for server in servers:
            postgres.stop(server, durable=False)
        shutil.rmtree(directory, ignore_errors=True)


def _prune(home: Path) -> None:
    templates = sorted((path for path in home.iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime)
    for old in templates[:-TEMPLATES_MAX]:
        shutil.rmtree(old, ignore_errors=True)
