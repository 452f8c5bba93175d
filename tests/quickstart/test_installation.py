import json
import socket
import stat
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from smsplatform.quickstart import __main__, first_message, services
from smsplatform.quickstart.credentials import Credentials
from smsplatform.quickstart.installation import AlreadyRunning, Installation
from smsplatform.quickstart.run import Quickstart

HOLDER = """
import sys, time
from pathlib import Path
from smsplatform.quickstart.installation import Installation
with Installation(Path(sys.argv[1])).locked():
    print("locked", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return Installation(tmp_path / "run")


def test_a_second_quick_start_in_the_same_directory_is_refused(installation: Installation) -> None:
    command = [sys.executable, "-c", HOLDER, str(installation.directory)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()

        with pytest.raises(AlreadyRunning, match=str(holder.pid)), installation.locked():
            pass
        assert installation.running() == holder.pid

        holder.kill()
    assert installation.running() is None  # the kernel let go of the lock


def test_status_and_stop_of_what_does_not_run_say_so(installation: Installation) -> None:
    assert __main__.status(installation) == __main__.NOT_RUNNING
    assert __main__.stop(installation) == 0


def test_a_reset_deletes_everything_but_the_tests_template(installation: Installation) -> None:
    for name in ("pg", "test-template"):
        (installation.directory / name).mkdir()
    (installation.directory / "demo.json").write_text("{}")

    installation.reset()

    assert [path.name for path in installation.directory.iterdir()] == ["test-template"]


def test_secrets_are_written_for_their_owner_only_and_kept(installation: Installation) -> None:
    path = installation.directory / "credentials.json"

    first, second = Credentials.load_or_create(path), Credentials.load_or_create(path)

    assert first == second
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(installation.directory.stat().st_mode) == 0o700


def test_the_demo_file_has_the_documented_shape_and_follows_the_url(installation: Installation) -> None:
    made = {"keys": {"test": "a", "live": "b"}, "owner": {}, "staff": {}, "auditor": {}, "admin": {}}
    installation.write_demo(made, url="http://localhost:8000")

    installation.write_demo(installation.demo(), url="http://localhost:8001")

    written = json.loads(installation.demo_file.read_text())
    assert list(written) == ["url", "sign_in_url", "keys", "owner", "staff", "auditor", "admin"]
    assert written["sign_in_url"] == "http://localhost:8001/sign-in"
    assert stat.S_IMODE(installation.demo_file.stat().st_mode) == 0o600


def test_ports_are_remembered_while_they_are_free(tmp_path: Path) -> None:
    memory = tmp_path / "ports.json"
    first = services.remembered_ports(memory)
    assert services.remembered_ports(memory) == first

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", first["smpp"]))
        taken.listen()
        second = services.remembered_ports(memory)

    assert second["smpp"] != first["smpp"]
    assert second["control"] == first["control"]


def test_the_next_free_port_is_found_and_a_taken_one_is_not() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        assert services.free_port(port) is None
        assert services.free_port(port, tries=20) not in (None, port)


def test_running_processes_do_not_get_the_right_to_change_tables() -> None:
    env = services.base_environment(
        {"OWNER_DATABASE_URL": "postgres://…", "SECRET_KEY": "x"}, url="http://localhost:1", control_port=2
    )

    assert "OWNER_DATABASE_URL" not in env
    assert "DJANGO_SETTINGS_MODULE" not in services.beat(env, directory=Path()).env


class _Refusing(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(503)
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Quietly."""


def test_a_platform_that_was_restored_stays_up_until_it_is_put_right(
    installation: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Quickstart(installation, port=None, with_demo=True)
    with HTTPServer((services.HOST, 0), _Refusing) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}).start()
        run._deliver(server.server_port, "sk_test_x", check_only=False)
        with pytest.raises(first_message.Refused):
            run._deliver(server.server_port, "sk_test_x", check_only=True)
        server.shutdown()

    assert "manage.py doctor says why" in capsys.readouterr().out
