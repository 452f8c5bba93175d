"""``python3 manage.py quickstart``: the whole platform on this machine, with a simulated carrier."""

import argparse
import json
import os
import signal
import sys
from pathlib import Path

from smsplatform.quickstart import databases
from smsplatform.quickstart.installation import AlreadyRunning, Installation
from smsplatform.quickstart.run import PORT, Quickstart
from smsplatform.quickstart.screen import console

NOT_RUNNING = 3  # as `systemctl status` answers


def main(arguments: list[str]) -> int:
    options = _parser().parse_args(arguments)
    installation = Installation(Path(os.environ.get("RUN_DIR", databases.ROOT / ".run")))
    if options.status:
        return status(installation)
    if options.stop:
        return stop(installation)
    if options.reset:
        stop(installation)
    try:
        with installation.locked():
            if options.reset:
                installation.reset()
            quickstart = Quickstart(installation, port=options.port, with_demo=not options.no_demo_data)
            return quickstart.run(check_only=options.check)
    except AlreadyRunning as error:
        console.print(f"It runs already (process {error}). See [b]--status[/b] and [b]--stop[/b].")
        return 1


def status(installation: Installation) -> int:
    """What runs, from the state the supervisor writes."""
    supervisor = installation.running()
    if supervisor is None or not installation.state_file.exists():
        console.print("The quick start does not run." if supervisor is None else "The quick start is starting.")
        return NOT_RUNNING
    state = json.loads(installation.state_file.read_text())
    console.print(f"{state['url']}  (supervisor {supervisor})")
    for service in state["services"]:
        word = "[green]running[/green]" if service["running"] else "[red]down[/red]   "
        console.print(f"  {service['name']:<18}{word}  process {service['pid']}, {service['restarts']} restarts")
    return 0


def stop(installation: Installation) -> int:
    """Ask the supervisor to end, and wait until everything has."""
    supervisor = installation.running()
    if supervisor is None:
        console.print("The quick start does not run.")
        return 0
    os.kill(supervisor, signal.SIGTERM)
    if not installation.wait_until_free():
        console.print(f"[red]Process {supervisor} does not end.[/red]")
        return 1
    console.print("Stopped.")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="manage.py quickstart", description=__doc__)
    parser.add_argument("--port", type=int, help=f"of the web server; default {PORT}, or the next free one")
    parser.add_argument("--reset", action="store_true", help="delete all data of the quick start first")
    parser.add_argument("--status", action="store_true", help="show what runs")
    parser.add_argument("--stop", action="store_true", help="stop what runs")
    parser.add_argument("--check", action="store_true", help="start, deliver a message, stop; exit code 0 or 1")
    parser.add_argument("--no-demo-data", action="store_true", help="no people, workspace, keys or first message")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
