"""Does memory stay flat? ``python -m bench.memory [--messages 1000000] [--every 50000]``.

Sends batches of 100 through a whole installation and prints, at intervals, the proportional and the resident memory of
web, worker, beat and broker. Ends with 1 when any of them grew by more than a tenth and 10 MB after the first tenth.
"""

import argparse
import sys
from pathlib import Path

from bench.processes import load_average, pss_bytes, tree
from bench.stack import Stack, running

MEASURED = ("web", "submission", "worker", "beat", "valkey")
GROWTH_MAX = 1.1
SLACK = 10 * 2**20


def main() -> None:
    """Send, look, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--every", type=int, default=50_000)
    options = parser.parse_args()
    names: list[str] = []
    seen: list[dict[str, int]] = []
    with running() as (stack, load):
        keys = [workspace["key"] for workspace in stack.workspaces]
        for done in range(0, options.messages, options.every):
            count = min(options.every, options.messages - done)
            load.run(port=stack.web_port, keys=keys, first=done, messages=count, batch=100, connections=8)
            seen.append(_look(stack))
            names = list(seen[0])
            if done == 0:
                sys.stdout.write("| messages | " + " | ".join(f"{name} PSS / RSS MB" for name in names) + " | load |\n")
                sys.stdout.write("|---" * (len(names) + 2) + "|\n")
            cells = [f"{seen[-1][name] / 2**20:.0f} / {_resident(stack, name) / 2**20:.0f}" for name in names]
            sys.stdout.write(f"| {done + count:,} | {' | '.join(cells)} | {load_average():.1f} |\n")
            sys.stdout.flush()
    grown = [name for name in names if _grew([one[name] for one in seen])]
    sys.stdout.write(f"grew: {', '.join(grown) or 'none'}\n")
    sys.exit(bool(grown))


def _look(stack: Stack) -> dict[str, int]:
    return {name: pss_bytes(stack.processes[name].pid) for name in MEASURED if name in stack.processes}


def _resident(stack: Stack, name: str) -> int:
    pages = 0
    for pid in tree([stack.processes[name].pid]):
        pages += int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096


def _grew(sizes: list[int]) -> bool:
    """Whether the end is above what a tenth of the run had reached: caches fill early, leaks go on."""
    early = max(sizes[: max(1, len(sizes) // 10)])
    return sizes[-1] > early * GROWTH_MAX + SLACK


if __name__ == "__main__":
    main()
