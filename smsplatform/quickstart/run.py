"""One run of the quick start, from an empty or older directory to the last child reaped."""

import json
import time
from typing import Any

from smsplatform.quickstart import databases, files, first_message, services
from smsplatform.quickstart.installation import Installation
from smsplatform.quickstart.postgres import PostgresFailed
from smsplatform.quickstart.screen import console, introduce, problem, say, step
from smsplatform.quickstart.supervisor import StartFailed, Stopped, Supervisor
from smsplatform.quickstart.valkey import ValkeyFailed

PORT = 8000
PORTS_TRIED = 50
STATE_SECONDS = 2.0
FAILURES = (StartFailed, PostgresFailed, ValkeyFailed, databases.CommandFailed, first_message.NotDelivered)


class Quickstart:
    """Call ``run`` with the installation's lock held."""

    def __init__(self, installation: Installation, *, port: int | None, with_demo: bool) -> None:
        self.installation = installation
        self.with_demo = with_demo
        self.wanted_port = port
        self.supervisor = Supervisor(installation.log_directory, say=say)

    def run(self, *, check_only: bool) -> int:
        """The exit code."""
        self.supervisor.take_signals()
        try:
            self._start(check_only=check_only)
            return 0
        except Stopped:
            return 130
        except FAILURES as error:
            if self.supervisor.stopping:  # Ctrl-C reached the child too; its last words are not a fault
                return 130
            problem(str(error))
            return 1
        finally:
            with step("Stopping"):
                self.supervisor.stop()
            self.installation.state_file.unlink(missing_ok=True)

    def _start(self, *, check_only: bool) -> None:
        port = self._port()
        self.url = f"http://localhost:{port}"
        self.ports = services.remembered_ports(self.installation.directory / "ports.json")
        self._start_servers()
        self._migrate()
        demo = self._demo()
        self._start_platform(port)
        if demo:
            self._deliver(port, demo["keys"]["test"], check_only=check_only)
        if not check_only:
            introduce(self.url, demo, directory=str(self.installation.directory))
            self._supervise()

    def _port(self) -> int:
        wanted = self.wanted_port
        found = services.free_port(wanted or PORT, tries=1 if wanted else PORTS_TRIED)
        if found is None:
            raise StartFailed(f"Port {wanted or PORT} is taken. Choose another one with --port.")
        return found

    def _start_servers(self) -> None:
        self.installation.open()
        cluster, valkey = self.installation.cluster, self.installation.valkey
        if not cluster.exists:
            with step("Creating a PostgreSQL cluster"):
                cluster.initialise()
        with step("Starting PostgreSQL, Valkey and the simulated carrier"):
            cluster.make_socket_directory()
            carrier = services.sandbox(smpp_port=self.ports["smpp"], control_port=self.ports["control"])
            self.supervisor.start([services.postgres(cluster), services.valkey(valkey), carrier])

    def _migrate(self) -> None:
        installation = self.installation
        installation.write_env(url=self.url, handsets_url=services.handsets_url(self.ports["control"]))
        if installation.migrated:
            return
        with step("Migrating both databases"):
            databases.create(cluster=installation.cluster, credentials=installation.credentials)
            databases.migrate(installation.env)
            installation.note_migrated()

    def _demo(self) -> dict[str, Any]:
        """The demo's secrets; makes it once, and follows the carrier when its port changed."""
        known = self.installation.demo()
        seeded = self.installation.directory / "carrier-port"
        new = self.with_demo and not known
        if new or not seeded.exists() or seeded.read_text() != str(self.ports["smpp"]):
            with step("Making the demo workspace" if new else "Connecting the simulated carrier"):
                extra = () if new else ("--carrier-only",)
                made = databases.command(
                    self.installation.env, "seed_demo", "--smpp-port", str(self.ports["smpp"]), *extra
                )
            known = json.loads(made) or known
            seeded.write_text(str(self.ports["smpp"]))
        return self.installation.write_demo(known, url=self.url) if known else {}

    def _start_platform(self, port: int) -> None:
        env = services.base_environment(self.installation.env, url=self.url, control_port=self.ports["control"])
        with step("Starting web, worker and beat"):
            self.supervisor.start(
                [
                    services.web(env, port=port),
                    services.worker(env),
                    services.beat(env, directory=self.installation.directory),
                ]
            )

    def _deliver(self, port: int, key: str, *, check_only: bool) -> None:
        """A platform that refuses to serve stays up all the same: it is put right by commands that need its servers."""
        try:
            with step("Sending a first message over SMPP, to its delivery receipt"):
                first_message.send_and_wait(port=port, key=key, wait=self.supervisor.step)
        except first_message.Refused as error:
            if check_only:
                raise
            problem(str(error))

    def _supervise(self) -> None:
        written_at = 0.0
        while not self.supervisor.stopping:
            self.supervisor.step(0.25)
            if time.monotonic() - written_at > STATE_SECONDS:
                written_at = time.monotonic()
                state = {"url": self.url, "services": self.supervisor.state()}
                files.write_private(self.installation.state_file, json.dumps(state))
        console.print()
