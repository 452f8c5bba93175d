"""The quick start as a command, in a directory of its own."""

import http.client
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from smsplatform.quickstart import databases, pytest_plugin, services
from tests.quickstart.test_children import eventually

ROOT = Path(__file__).resolve().parents[2]


class Run:
    """One installation in a directory of its own, and the command on it."""

    def __init__(self, directory: Path, *, port: int) -> None:
        """With a cluster that is migrated already, as after an upgrade. ``.ci/run`` starts one from nothing."""
        self.directory = directory / "run"
        pytest_plugin._copy_template(self.directory)
        (self.directory / "migrated").write_text(databases.fingerprint())
        self.port = port
        self.env = {"PATH": os.environ["PATH"], "HOME": str(directory), "RUN_DIR": str(self.directory)}
        self.process: subprocess.Popen[bytes] | None = None

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "manage.py", "quickstart", *arguments]
        return subprocess.run(line, cwd=ROOT, env=self.env, capture_output=True, text=True, timeout=100)

    def start(self) -> None:
        self.output = (self.directory / "output").open("wb")
        line = [sys.executable, "manage.py", "quickstart", "--port", str(self.port)]
        self.process = subprocess.Popen(line, cwd=ROOT, env=self.env, stdout=self.output, stderr=self.output)
        assert eventually((self.directory / "state.json").exists, 80), self.said()

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(30)
            self.output.close()

    def said(self) -> str:
        return (self.directory / "output").read_text()

    def pids(self) -> dict[str, int]:
        state = json.loads((self.directory / "state.json").read_text())
        return {service["name"]: service["pid"] for service in state["services"]}

    def get(self, path: str) -> tuple[int, Any]:
        connection = http.client.HTTPConnection(services.HOST, self.port, timeout=10)
        connection.request("GET", path, headers={"Host": "localhost"})
        answer = connection.getresponse()
        content = answer.read().decode()
        connection.close()
        return answer.status, content
