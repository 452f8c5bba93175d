"""The product's real processes for a test: its own PostgreSQL and Valkey, web, two workers, beat, carriers, a sink.

Nothing is shared with the test's own process but files and sockets, so a test may kill what it likes. What is in the
database is read here as the superuser, with SQL that the product does not contain.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, LiteralString, TypeVar

import psycopg

from smsplatform.quickstart import children, databases, postgres, pytest_plugin
from smsplatform.quickstart.credentials import Credentials
from smsplatform.quickstart.valkey import Valkey

T = TypeVar("T")
RESTART_SECONDS = 1.0
CELERY = (sys.executable, "-m", "celery", "-A", "smsplatform.celery")
WORKER = ("worker", "--pool=threads", "--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel=INFO")
HTTP = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Timeout(AssertionError):
    """Something that had to happen did not."""


def until(what: str, look: Callable[[], T], *, seconds: float = 20.0, every: float = 0.05) -> T:
    """The first true answer of ``look``; ``Timeout`` names ``what`` and the last answer."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise Timeout(f"not within {seconds:.0f} s: {what}; last seen: {found!r}")
        time.sleep(every)


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(slots=True)
class Answer:
    """An HTTP answer; ``json`` is the document in it."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def http(method: str, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> Answer:
    """One request without proxies or redirect magic; connection errors are raised as ``OSError``."""
    request = urllib.request.Request(url, data=body, method=method, headers=dict(headers or {}))
    try:
        with HTTP.open(request, timeout=30) as reply:
            return Answer(reply.status, {k.lower(): v for k, v in reply.headers.items()}, reply.read())
    except urllib.error.HTTPError as reply:
        return Answer(reply.code, {k.lower(): v for k, v in reply.headers.items()}, reply.read())


@dataclass(slots=True)
class Process:
    """One of the stack's processes: how to start it, and the running one."""

    name: str
    start: Callable[[], "subprocess.Popen[bytes]"]
    running: "subprocess.Popen[bytes] | None" = None
    died_at: float = 0.0
    starts: int = 0

    def up(self) -> None:
        """Start it."""
        self.running = self.start()
        self.starts += 1

    def kill(self) -> None:
        """SIGKILL to it and all its descendants; nobody gets to say goodbye."""
        if self.running is None:
            return
        for pid in reversed(descendants(self.running.pid)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.running.wait()
        self.running, self.died_at = None, time.monotonic()

    def tend(self) -> None:
        """What a supervisor does: note a death, start again a second later."""
        if self.running is not None and self.running.poll() is not None:
            self.running, self.died_at = None, time.monotonic()
        if self.running is None and time.monotonic() - self.died_at >= RESTART_SECONDS:
            self.up()


def descendants(pid: int) -> list[int]:
    """``pid`` and every process below it, parents first."""
    found = [pid]
    for one in found:
        with contextlib.suppress(OSError):
            tasks = Path(f"/proc/{one}/task")
            for task in tasks.iterdir():
                found += [int(child) for child in (task / "children").read_text().split()]
    return found


@dataclass(kw_only=True)
class Stack:
    """Start with ``with Stack() as stack``. ``durable`` servers keep what they committed when they are killed."""

    durable: bool = False
    carriers: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: {"alpha": {}})
    routes: Mapping[str, Sequence[str]] = field(default_factory=lambda: {"": ["alpha"]})
    script: Mapping[str, Any] = field(default_factory=dict)  # what the carriers do; see messaging/sandbox/script.py
    down: Sequence[str] = ()  # accounts with carriers that do not listen
    settings: Mapping[str, str] = field(default_factory=dict)
    webs: int = 1

    def __enter__(self) -> "Stack":
        self.directory = Path(tempfile.mkdtemp(prefix="sp-flow-"))
        self.processes: dict[str, Process] = {}
        try:
            self._servers()
            self._define()
            self.seed([*self._accounts(), *self._routes()])
            for process in self.processes.values():
                if process.running is None:
                    process.up()
            self.ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self.processes.values()):
            process.kill()
        if "KEEP_STACK" not in os.environ:
            shutil.rmtree(self.directory, ignore_errors=True)

    # Putting it together

    def _accounts(self) -> Iterator[dict[str, Any]]:
        for name, fields in {**self.carriers, **{name: {} for name in self.down}}.items():
            yield {"make": "carrier", "name": name, "port": self.ports.get(name) or free_port(), **fields}

    def _routes(self) -> Iterator[dict[str, Any]]:
        for prefix, names in self.routes.items():
            yield {"make": "route", "prefix": prefix, "carriers": list(names)}

    def _servers(self) -> None:
        pytest_plugin._copy_template(self.directory / "cluster")
        self.credentials = Credentials.load_or_create(self.directory / "cluster" / "credentials.json")
        self.cluster = postgres.Cluster(
            data=self.directory / "cluster" / "pg",
            sockets=self.directory / "s",
            password=self.credentials.superuser,
            durable=self.durable,
        )
        self.valkey = Valkey(directory=self.directory / "v", socket=self.directory / "v.sock", durable=self.durable)
        self._add("postgres", lambda: self.cluster.start(output=self._log("postgres")))
        self._add("valkey", lambda: self.valkey.start(output=self._log("valkey")))
        for name in ("postgres", "valkey"):
            self.processes[name].up()
        self.cluster.wait(self._running("postgres"))
        self.valkey.wait(self._running("valkey"))

    def _define(self) -> None:
        self.ports = {name: free_port() for name in ("sink", *self._webs(), *self.carriers)}
        self.ports |= {f"{name} control": free_port() for name in self.carriers}
        self.env = {
            **{key: os.environ[key] for key in ("PATH", "HOME", "LANG", "TMPDIR") if key in os.environ},
            **databases.environment(
                cluster=self.cluster, valkey=self.valkey, credentials=self.credentials, run_dir=self.directory
            ),
            "BASE_URL": f"http://127.0.0.1:{self.ports['web']}",
            "API_REQUESTS_MAX": "1000000",
            "EMAIL_URL": f"filemail:///{self.directory}/mail",
            **self.settings,
        }
        shutil.copy(self.directory / "cluster" / "vault.json", self.directory)
        (self.directory / "static").mkdir()
        for name in self.carriers:
            self._child(name, self._carrier(name))
        self._child("sink", self._python("tests.flows.sink", "--port", self.ports["sink"], "--record", self.sink_file))
        for name in self._webs():
            web = ("smsplatform.asgi:application", "--host", "127.0.0.1", "--port", self.ports[name], "--no-access-log")
            self._child(name, self._python("uvicorn", *web, "--lifespan", "on"), django=True)
        self._child("submission", (*CELERY, *WORKER, "-c4", "-Qsubmission,receipts", "-n", "s@%h"), django=True)
        self._child(
            "default", (*CELERY, *WORKER, "-c4", "-Qwebhooks,billing,privacy,default", "-n", "d@%h"), django=True
        )
        self._child("beat", (*CELERY, "beat", "--loglevel=INFO", "--schedule", self.directory / "beat"))

    def _webs(self) -> list[str]:
        return ["web", *(f"web{number}" for number in range(2, self.webs + 1))]

    def _carrier(self, name: str) -> Sequence[str | Path]:
        control = f"127.0.0.1:{self.ports[name + ' control']}"
        script = json.dumps(dict(self.script))
        options = (
            "--port",
            self.ports[name],
            "--control",
            control,
            "--record",
            self.record_file(name),
            "--script",
            script,
        )
        return self._python("messaging.sandbox", *options)

    @staticmethod
    def _python(module: str, *arguments: object) -> list[str | Path]:
        return [sys.executable, "-m", module, *(str(argument) for argument in arguments)]

    def _child(self, name: str, command: Sequence[str | Path], *, django: bool = False) -> None:
        env = {key: value for key, value in self.env.items() if key != "OWNER_DATABASE_URL"}
        if django:
            env["DJANGO_SETTINGS_MODULE"] = "smsplatform.settings"
        self._add(name, lambda: self._spawn(name, command, env))

    def _spawn(self, name: str, command: Sequence[str | Path], env: dict[str, str]) -> "subprocess.Popen[bytes]":
        with self._log(name) as output:
            return children.spawn(command, env=env, output=output, death_signal=signal.SIGKILL, cwd=databases.ROOT)

    def _add(self, name: str, start: Callable[[], "subprocess.Popen[bytes]"]) -> None:
        self.processes[name] = Process(name, start)

    def _running(self, name: str) -> "subprocess.Popen[bytes]":
        running = self.processes[name].running
        assert running is not None
        return running

    def _log(self, name: str) -> Any:
        (self.directory / "logs").mkdir(exist_ok=True)
        return (self.directory / "logs" / f"{name}.log").open("ab")

    # Files

    @property
    def sink_file(self) -> Path:
        """The sink's record."""
        return self.directory / "sink.jsonl"

    def record_file(self, carrier: str) -> Path:
        """What a carrier wrote down of each submit."""
        return self.directory / f"{carrier}.jsonl"

    def lines(self, file: Path) -> list[dict[str, Any]]:
        """A record's whole lines; a killed writer may leave half a line, never a wrong one."""
        found = []
        for line in file.read_text().splitlines() if file.exists() else ():
            with contextlib.suppress(ValueError):
                found.append(json.loads(line))
        return found

    def submits(self, marker: str) -> list[dict[str, Any]]:
        """What all carriers got of the text with ``#marker``."""
        return [
            line for name in self.carriers for line in self.lines(self.record_file(name)) if line["marker"] == marker
        ]

    def events(self, message: str, *, path: str | None = None) -> list[dict[str, Any]]:
        """What the sink got about a message."""
        return [
            line for line in self.lines(self.sink_file) if line["message"] == message and path in (None, line["path"])
        ]

    # Orders

    def seed(self, orders: Iterable[Mapping[str, Any]]) -> list[Any]:
        """See ``seeding``."""
        env = {**self.env, "DJANGO_SETTINGS_MODULE": "smsplatform.settings"}
        done = subprocess.run(
            [sys.executable, "-m", "tests.flows.seeding"],
            input=json.dumps(list(orders)),
            env=env,
            cwd=databases.ROOT,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        made: list[Any] = json.loads(done.stdout)
        return made

    def workspace(self, **options: Any) -> dict[str, Any]:
        """A new workspace; see ``seeding.workspace``."""
        made: dict[str, Any] = self.seed([{"make": "workspace", **options}])[0]
        return made

    def python(self, code: str) -> str:
        """Run product code in a process of its own with the operator's rights; its output."""
        env = {**self.env, "DJANGO_SETTINGS_MODULE": "smsplatform.settings"}
        prelude = "import django; django.setup()\n"
        done = subprocess.run(
            [sys.executable, "-c", prelude + code], env=env, cwd=databases.ROOT, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def rows(self, query: LiteralString, arguments: Sequence[Any] = (), *, database: str = "main") -> list[Any]:
        """Rows as the superuser sees them."""
        with self.superuser(database) as connection:
            return connection.execute(query, arguments).fetchall()

    def value(self, query: LiteralString, arguments: Sequence[Any] = ()) -> Any:
        """The first column of the first row."""
        return self.rows(query, arguments)[0][0]

    @contextlib.contextmanager
    def superuser(self, database: str = "main") -> Iterator["psycopg.Connection[tuple[Any, ...]]"]:
        """A session of the superuser."""
        with contextlib.closing(self.cluster.connect(database)) as connection:
            yield connection

    def api(
        self,
        method: str,
        path: str,
        document: Any = None,
        *,
        key: str,
        headers: Mapping[str, str] | None = None,
        web: str = "web",
    ) -> Answer:
        """One request to the web process with an API key."""
        body = None if document is None else json.dumps(document).encode()
        named = {"Authorization": f"Bearer {key}", **({"Content-Type": "application/json"} if body else {})}
        return http(method, f"http://127.0.0.1:{self.ports[web]}{path}", body, {**named, **(headers or {})})

    def control(self, method: str, path: str, document: Any = None, *, carrier: str = "alpha") -> Any:
        """The remote control of a carrier."""
        body = None if document is None else json.dumps(document).encode()
        answer = http(method, f"http://127.0.0.1:{self.ports[carrier + ' control']}{path}", body)
        assert answer.status == 200, answer.body
        return answer.json

    def sink(self, order: str, document: Any) -> None:
        """Tell the sink secrets or answers."""
        answer = http("POST", f"http://127.0.0.1:{self.ports['sink']}/_{order}", json.dumps(document).encode())
        assert answer.status == 200

    def endpoint(self, key: str, path: str, **fields: Any) -> dict[str, Any]:
        """A webhook endpoint at the sink, whose signatures the sink can check."""
        url = f"http://127.0.0.1:{self.ports['sink']}{path}"
        answer = self.api("POST", "/v1/webhook_endpoints", {"url": url, **fields}, key=key)
        assert answer.status == 201, answer.body
        self.sink("secrets", {path: answer.json["secret"]})
        made: dict[str, Any] = answer.json
        return made

    # Waiting

    def ready(self, *, seconds: float = 60.0) -> None:
        """Wait until requests are answered and every carrier has a session."""
        for name in ("sink", *self._webs()):
            until(f"{name} listens", lambda name=name: self._listens(name), seconds=seconds)  # type: ignore[misc]  # bound now
        for name in self.carriers:
            until(f"a session with {name}", lambda name=name: self.bound(name), seconds=seconds)  # type: ignore[misc]  # bound now

    def bound(self, carrier: str) -> bool:
        """Whether the carrier sees a session."""
        try:
            return bool(self.control("GET", "/stats", carrier=carrier)["bound"] > 0)
        except OSError:
            return False

    def _listens(self, name: str) -> bool:
        running = self._running(name)
        assert running.poll() is None, (self.directory / "logs" / f"{name}.log").read_text()[-2000:]
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.ports[name])) == 0

    def tend(self) -> None:
        """Start again what died at least a second ago."""
        for process in self.processes.values():
            process.tend()

    def logs(self) -> str:
        """The ends of all logs, for a failure's message."""
        ends = [(file.name, file.read_text(errors="replace")[-1500:]) for file in (self.directory / "logs").iterdir()]
        return "\n".join(f"== {name}\n{end}" for name, end in ends)
