"""The command itself, to a delivered message, through a hard kill, and again on the same data."""

import json
import os
import signal
import stat
import time
from collections.abc import Iterator

import pytest

from smsplatform.quickstart import first_message, services
from tests.quickstart.run import Run
from tests.quickstart.test_children import eventually, gone

PORT = 18900 + os.getpid() % 900
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    made = Run(tmp_path_factory.mktemp("run"), port=PORT)
    made.start()
    yield made
    made.stop()


@pytest.mark.timeout(240)
def test_one_command_serves_delivers_heals_survives_a_kill_and_leaves_nothing(run: Run) -> None:
    demo = json.loads((run.directory / "demo.json").read_text())
    assert stat.S_IMODE((run.directory / "demo.json").stat().st_mode) == 0o600
    for role in ("staff", "auditor", "admin"):
        assert set(demo[role]) == {"email", "password", "totp_secret"}
    for shown in (demo["url"], demo["keys"]["test"], demo["owner"]["password"], "/handsets", "curl ", "--reset"):
        assert shown in run.said()
    first_message.send_and_wait(port=PORT, key=demo["keys"]["live"], wait=time.sleep, to="+31612345678")
    assert json.loads(run.get("/readyz")[1])["ready"]
    assert 'smsplatform_queue_oldest_seconds{queue="submission"}' in run.get("/metrics")[1]

    # A second one is refused, a child that dies comes back.
    assert run.command("--check").returncode == 1
    before = run.pids()
    os.kill(before["web"], signal.SIGKILL)
    assert eventually(lambda: run.pids()["web"] != before["web"] and services.answers(PORT, "/livez"), 30)
    assert "worker" in run.command("--status").stdout

    # Killed the hard way, everything ends by itself.
    pids = run.pids()
    assert run.process is not None
    run.process.kill()
    run.process.wait()
    assert eventually(lambda: all(gone(pid) for pid in pids.values()), 20), pids

    # The data is still there, and the keys still work.
    again = run.command("--check", "--port", str(PORT))
    assert again.returncode == 0, again.stdout + again.stderr
    assert json.loads((run.directory / "demo.json").read_text())["keys"] == demo["keys"]
    assert run.command("--status").returncode == 3
