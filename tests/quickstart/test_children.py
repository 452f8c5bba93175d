import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from smsplatform.quickstart import children

PARENT = """
import signal, sys, time
from smsplatform.quickstart import children
child = children.spawn(["sleep", "60"], death_signal=signal.SIGTERM)
print(child.pid, flush=True)
time.sleep(60)
"""


def gone(pid: int) -> bool:
    """Whether the process ended; a zombie of a foreign parent has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def eventually(condition: Callable[[], bool], seconds: float = 5.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


def test_a_child_dies_when_its_parent_is_killed() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())

    parent.kill()
    parent.wait()
    parent.stdout.close()

    assert eventually(lambda: gone(child))


def test_a_child_is_in_a_session_of_its_own_so_that_ctrl_c_reaches_the_supervisor_only() -> None:
    child = children.spawn(["sleep", "60"])

    assert os.getsid(child.pid) == child.pid != os.getsid(0)

    children.stop(child, stop_signal=signal.SIGTERM, timeout_seconds=5)


@pytest.mark.parametrize(("script", "code"), [("sleep 60", -15), ("trap '' TERM; sleep 60 & wait; wait", -9)])
def test_stopping_asks_first_and_kills_after_the_deadline(script: str, code: int) -> None:
    child = children.spawn(["sh", "-c", script])
    time.sleep(0.2)

    assert children.stop(child, stop_signal=signal.SIGTERM, timeout_seconds=0.3) == code
