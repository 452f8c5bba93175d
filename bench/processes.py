"""What processes cost, read from /proc: CPU seconds of whole trees and proportional memory."""

import os
import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")


def tree(roots: Iterable[int]) -> set[int]:
    """The processes and all that descend from them."""
    children: dict[int, list[int]] = defaultdict(list)
    for entry in PROC.iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            children[int(fields[1])].append(int(entry.name))
    found: set[int] = set()
    waiting = list(roots)
    while waiting:
        pid = waiting.pop()
        if pid not in found:
            found.add(pid)
            waiting += children[pid]
    return found


def cpu_seconds(root: int) -> float:
    """User and system time of a process tree, with the children it has already reaped (proc(5), fields 14 to 17)."""
    ticks = 0
    for pid in tree([root]):
        if fields := _stat(pid):
            ticks += sum(int(value) for value in fields[11:15])
    return ticks / TICKS


def pss_bytes(root: int) -> int:
    """Proportional memory of a process tree: shared pages count once, split among those that share them."""
    return sum(_pss(pid) for pid in tree([root]))


def _pss(pid: int) -> int:
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


def _stat(pid: int) -> list[str]:
    """Fields from the third on (state, parent, …); empty when the process is gone."""
    try:
        return (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return []


class Meter:
    """CPU of named process trees since it was made, and their highest memory, sampled twice a second."""

    def __init__(self, roots: Mapping[str, int]) -> None:
        self._roots = dict(roots)
        self._before = {name: cpu_seconds(pid) for name, pid in self._roots.items()}
        self.peak = dict.fromkeys(self._roots, 0)
        self._ended = threading.Event()
        self._sampler = threading.Thread(target=self._sample, daemon=True)
        self._sampler.start()

    def _sample(self) -> None:
        while not self._ended.wait(0.5):
            for name, pid in self._roots.items():
                self.peak[name] = max(self.peak[name], pss_bytes(pid))

    def stop(self) -> dict[str, float]:
        """CPU seconds by name."""
        self._ended.set()
        self._sampler.join()
        return {name: cpu_seconds(pid) - self._before[name] for name, pid in self._roots.items()}


def load_average() -> float:
    """Of the last minute: what the neighbours and we ask of the machine."""
    return os.getloadavg()[0]
