"""``python -m messaging.sandbox``: run the simulated carrier until it is told to stop; see ``--help``."""

import argparse
import asyncio
import contextlib
import json
import signal
import sys
from pathlib import Path

import uvloop

from messaging.sandbox.control import Control
from messaging.sandbox.script import Script, ScriptError
from messaging.sandbox.smsc import Smsc
from smsplatform.lib import clock

FORGET_SECONDS = 60.0


def main() -> None:
    options = _parser().parse_args()
    try:
        script = Script().changed(json.loads(options.script))
    except (ValueError, ScriptError) as error:
        sys.exit(f"--script: {error}")
    with contextlib.suppress(KeyboardInterrupt):
        uvloop.run(_serve(options, script))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="messaging.sandbox", description="A simulated SMPP carrier.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=2775, help="SMPP port; 0 for any")
    parser.add_argument("--control", help="remote control on this host:port or unix path")
    parser.add_argument("--system-id", default="", help="the only customer; empty lets anybody bind")
    parser.add_argument("--password", default="")
    parser.add_argument("--script", default="{}", help="JSON object of script options")
    parser.add_argument("--record", type=Path, help="append each submit to this file as a JSON line")
    parser.add_argument("--fast", action="store_true", help="for load tests: accept all, remember nothing")
    return parser


async def _serve(options: argparse.Namespace, script: Script) -> None:
    smsc = Smsc(
        script=script,
        system_id=options.system_id,
        password=options.password,
        fast=options.fast,
        record=options.record,
        # A carrier never gives an id twice: after a restart they go on above all that were given before.
        ids_after=int(clock.now().timestamp()) * 1_000_000,
    )
    control = Control(smsc)
    ready = {"smpp_port": await smsc.start(options.host, options.port)}
    address = await control.start(options.control) if options.control else None
    sys.stdout.write(json.dumps({**ready, "control": address}) + "\n")
    sys.stdout.flush()
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    while not stopped.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopped.wait(), FORGET_SECONDS)
        smsc.handsets.forget_old(smsc.now())
    await control.stop()
    await smsc.stop()


if __name__ == "__main__":
    main()
