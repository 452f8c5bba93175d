"""Kannel beside us: bearerbox and smsbox of Debian's package, one transceiver to the same simulated carrier.

Set up for speed: nothing stored on disk, receipts kept in memory, a window of 500, errors logged only.
"""

import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from bench import stack
from smsplatform.quickstart import children

CONFIG = """
group = core
admin-port = {admin}
admin-interface = 127.0.0.1
admin-password = bench
smsbox-port = {box}
smsbox-interface = 127.0.0.1
box-deny-ip = "*.*.*.*"
box-allow-ip = "127.0.0.1"
log-file = "{directory}/bearerbox.log"
log-level = 4
dlr-storage = internal
sms-incoming-queue-limit = -1

group = smsc
smsc = smpp
smsc-id = bench
host = 127.0.0.1
port = {carrier}
transceiver-mode = 1
smsc-username = bench
smsc-password = bench
system-type = ""
max-pending-submits = 500

group = smsbox
bearerbox-host = 127.0.0.1
bearerbox-port = {box}
sendsms-port = {send}
sendsms-interface = 127.0.0.1
log-file = "{directory}/smsbox.log"
log-level = 4

group = sendsms-user
username = bench
password = bench
max-messages = 10
"""


def installed() -> bool:
    """Whether both programs are there (Debian: apt install kannel)."""
    return all(_program(name) for name in ("bearerbox", "smsbox"))


def _program(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path="/usr/sbin")


class Kannel:
    """Both running boxes and the port that takes messages."""

    def __init__(self, directory: Path, carrier_port: int) -> None:
        directory.mkdir()
        self.port = stack.free_port()
        ports = {"admin": stack.free_port(), "box": stack.free_port(), "send": self.port, "carrier": carrier_port}
        config = directory / "kannel.conf"
        config.write_text(CONFIG.format(directory=directory, **ports), encoding="ascii")
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        for name, port in (("bearerbox", ports["box"]), ("smsbox", self.port)):
            program = _program(name)
            assert program is not None
            command = [program, "-v", "4", str(config)]
            self.processes[name] = children.spawn(command, output=subprocess.DEVNULL, cwd=directory)
            _wait_for(port)
        time.sleep(1)  # the bind to the carrier; there is nothing to poll without parsing its status page

    def stop(self) -> None:
        """End both."""
        for process in reversed(self.processes.values()):
            children.stop(process, stop_signal=signal.SIGTERM, timeout_seconds=10)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError("Kannel did not listen")
