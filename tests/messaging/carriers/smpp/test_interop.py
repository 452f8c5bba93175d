"""Against SMPP made by others: node-smpp (npm ``smpp``) as a carrier for our client and as a customer of our carrier,
the SMPP server that Jasmin runs (PyPI ``smpp.twisted3``) as a carrier, and smpplib (PyPI) as a customer.

The packages are installed once below .run/interop, or found where SMPP_NODE_MODULES and SMPP_PYTHON_PACKAGES say;
without node, npm, pip or a registry the tests are skipped and say why.
"""

import asyncio
import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from messaging.carriers.smpp.errors import Outcome
from messaging.carriers.smpp.session import LinkState
from messaging.carriers.smpp.window import SubmitRequest
from messaging.sandbox.smsc import Smsc
from smsplatform.lib import clock
from tests.messaging.carriers.smpp.harness import PHONE, bodies, carrier, request, run, sender, until

ROOT = Path(__file__).parents[4]
SCRIPTS = ROOT / "tests" / "interop"
PACKAGE = "smpp@0.5.1"
SMPPLIB = "smpplib==2.2.4"
JASMIN = ("smpp.twisted3==0.8", "smpp.pdu3==0.6", "twisted==23.10.0")


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """The folder with node-smpp in it; skips, saying why, where it cannot be had."""
    given = os.environ.get("SMPP_NODE_MODULES")
    folder = Path(given) if given else ROOT / ".run" / "interop" / "node_modules"
    if (folder / "smpp").is_dir():
        return folder
    npm = shutil.which("npm")
    if shutil.which("node") is None or npm is None:
        pytest.skip("node-smpp interoperability: node or npm is not installed")
    folder.parent.mkdir(parents=True, exist_ok=True)
    command = [npm, "install", "--prefix", str(folder.parent), "--no-audit", "--no-fund", "--ignore-scripts", PACKAGE]
    done = subprocess.run(command, capture_output=True, check=False, timeout=120)
    if done.returncode:
        pytest.skip("node-smpp interoperability: npm could not install the package")
    return folder


@pytest.fixture(scope="session")
def python_packages() -> Path:
    """The folder with smpplib in it; not in our environment, because its licence is not ours."""
    given = os.environ.get("SMPP_PYTHON_PACKAGES")
    folder = Path(given) if given else ROOT / ".run" / "interop" / "python"
    if (folder / "smpplib").is_dir():
        return folder
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder), SMPPLIB]
    done = subprocess.run(command, capture_output=True, check=False, timeout=120)
    if done.returncode:
        pytest.skip("smpplib interoperability: pip could not install the package")
    return folder


@pytest.fixture(scope="session")
def jasmin_python() -> Path:
    """A Python of its own with Jasmin's SMPP server in it: its Twisted is years behind what else we install."""
    folder = Path(os.environ.get("SMPP_JASMIN_VENV") or ROOT / ".run" / "interop" / "jasmin")
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        for command in (
            [sys.executable, "-m", "venv", "--clear", str(folder)],
            [str(python), "-m", "pip", "install", "--quiet", *JASMIN],
        ):
            if subprocess.run(command, capture_output=True, check=False, timeout=110).returncode:
                pytest.skip("Jasmin interoperability: its SMPP server could not be installed")
        (folder / "ready").touch()
    return python


class Peer:
    """A foreign process and the JSON lines it prints."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.lines: list[dict[str, Any]] = []

    async def read(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            self.lines.append(json.loads(line))

    def having(self, key: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if key in line]


@contextlib.asynccontextmanager
async def peer(script: str, packages: Path, *arguments: str, python: str = sys.executable) -> AsyncIterator[Peer]:
    process = await asyncio.create_subprocess_exec(
        "node" if script.endswith(".js") else python,
        str(SCRIPTS / script),
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "NODE_PATH": str(packages), "PYTHONPATH": str(packages)},
    )
    found = Peer(process)
    reading = asyncio.create_task(found.read())
    try:
        await until(lambda: found.lines)
        yield found
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        await reading


def text_on(smsc: Smsc, phone: str) -> str:
    [message] = smsc.handsets.messages(phone, clock.now())
    return message.text


def test_node_smpp_reads_what_we_submit_and_we_read_its_receipts(node_modules: Path) -> None:
    async def scenario() -> None:
        async with peer("smsc.js", node_modules, "enquire") as them:
            options = {"id_format": "hex_in_response", "enquire_seconds": 0.1}
            async with sender(them.lines[0]["port"], session=options) as us:
                us.client.submit([request("short", "Hi @ € [x]"), request("refused", to="+15005550003")])
                await until(lambda: len(us.receipts) == 1)
                assert [result.outcome for result in us.results] == [Outcome.ACCEPTED, Outcome.FINAL]
                assert us.receipts == [(us.results[0].ref, "delivered")]
                [seen] = them.having("text")
                assert (seen["text"], seen["from"], seen["ton"]) == ("Hi @ € [x]", "Acme", 5)
                assert (seen["to"], seen["registered_delivery"], seen["esm_class"]) == (PHONE[1:], 1, 0)
                await until(lambda: them.having("acked"))
                assert them.having("acked")[0]["status"] == 0
                await until(lambda: them.having("enquired"))
                await asyncio.sleep(0.3)
                assert us.client.state is LinkState.BOUND
            await until(lambda: them.having("unbound"))

    run(scenario())


@pytest.mark.parametrize("long_message", ["udh", "sar", "payload"])
@pytest.mark.parametrize(("text", "encoding"), [("Grüße {€} " * 40, "gsm7"), ("Привет 😀 " * 20, "ucs2")])
def test_node_smpp_puts_our_long_texts_together(
    node_modules: Path, long_message: str, text: str, encoding: str
) -> None:
    """Case 41, read by somebody else."""

    async def scenario() -> None:
        async with peer("smsc.js", node_modules) as them:
            async with sender(them.lines[0]["port"], session={"id_format": "auto"}) as us:
                parts = bodies(text, encoding=encoding, long_message=long_message, reference=9)
                us.client.submit([SubmitRequest(n, body) for n, body in enumerate(parts)])
                await until(lambda: len(us.receipts) == len(parts))
            seen = them.having("text")
            assert "".join(line["text"] for line in seen) == text
            if long_message == "udh":
                assert [line["udh"] for line in seen] == [
                    [f"000309{len(parts):02x}{n + 1:02x}"] for n in range(len(parts))
                ]
            if long_message == "sar":
                assert [line["sar"] for line in seen] == list(range(1, len(parts) + 1))

    run(scenario())


def test_node_smpp_refuses_our_wrong_password(node_modules: Path) -> None:
    async def scenario() -> None:
        wrong = {"password": "wrong"}
        async with (
            peer("smsc.js", node_modules) as them,
            sender(them.lines[0]["port"], bound=False, session=wrong) as us,
        ):
            await until(us.reasons)
            assert us.reasons()[0] == "bind_refused"

    run(scenario())


def test_node_smpp_is_a_customer_of_our_carrier(node_modules: Path) -> None:
    async def scenario() -> None:
        async with (
            carrier(system_id="node", password="secret") as (smsc, port),
            peer("esme.js", node_modules, str(port)) as them,
        ):
            await until(lambda: len(them.having("receipt")) == 4 and len(them.having("accepted")) == 5)
            assert them.lines[0] == {"bound": 0}
            assert sorted(line["status"] for line in them.having("accepted")) == [0, 0, 0, 0, 0x0B]
            ids = [line["accepted"] for line in them.having("accepted") if line["status"] == 0]
            assert sorted(line["id"] for line in them.having("receipt")) == sorted(ids)
            assert {line["state"] for line in them.having("receipt")} == {2}
            await until(lambda: smsc.stats["receipts_acked"] == 4)
            assert [text_on(smsc, phone) for phone in ("15005550001", "15005551111", "15005552222")] == [
                "Hello @ €",
                "Привет " * 40,
                "part 1;part 2;",
            ]
            assert them.process.stdin is not None
            them.process.stdin.write(b"unbind\n")
            await until(lambda: them.having("unbound"))
            assert not them.having("error")

    run(scenario())


def test_smpplib_is_a_customer_of_our_carrier(python_packages: Path) -> None:
    async def scenario() -> None:
        async with (
            carrier(system_id="lib", password="secret") as (smsc, port),
            peer("esme.py", python_packages, str(port)) as them,
        ):
            await until(lambda: them.having("unbound"))
            ids = [line["accepted"] for line in them.having("accepted")]
            assert len(ids) == 3
            assert sorted(line["id"] for line in them.having("receipt")) == sorted(ids)
            assert {line["state"] for line in them.having("receipt")} == {2}
            assert text_on(smsc, "15005553333") == "Grüße an @lle " * 25
            assert smsc.stats["receipts_acked"] == 3

    run(scenario())


def test_jasmins_smpp_server_takes_what_we_submit_and_we_read_its_receipts(jasmin_python: Path) -> None:
    async def scenario() -> None:
        async with (
            peer("jasmin_smsc.py", jasmin_python.parent, python=str(jasmin_python)) as them,
            sender(them.lines[0]["port"]) as us,
        ):
            us.client.submit([request("short", "Hi Jasmin"), request("refused", to="+15005550003")])
            await until(lambda: len(us.receipts) == 1)

            assert [result.outcome for result in us.results] == [Outcome.ACCEPTED, Outcome.FINAL]
            assert us.receipts == [(us.results[0].ref, "delivered")]
            [seen] = them.having("payload")
            assert (bytes.fromhex(seen["payload"]), seen["from"], seen["to"]) == (b"Hi Jasmin", "Acme", PHONE[1:])
            assert "NO_SMSC_DELIVERY_RECEIPT" not in seen["registered"]
            await until(lambda: them.having("acked"))
            assert them.having("acked")[0]["status"].endswith("ESME_ROK")

    run(scenario())


def test_jasmins_smpp_server_takes_every_part_of_a_long_text(jasmin_python: Path) -> None:
    async def scenario() -> None:
        async with (
            peer("jasmin_smsc.py", jasmin_python.parent, python=str(jasmin_python)) as them,
            sender(them.lines[0]["port"]) as us,
        ):
            parts = bodies("x" * 400, reference=7)
            us.client.submit([SubmitRequest(number, body) for number, body in enumerate(parts)])
            await until(lambda: len(us.receipts) == 3)

            seen = [bytes.fromhex(line["payload"]) for line in them.having("payload")]
            assert [payload[:6] for payload in seen] == [bytes((5, 0, 3, 7, 3, n)) for n in (1, 2, 3)]
            assert b"".join(payload[6:] for payload in seen) == b"x" * 400

    run(scenario())


def test_jasmins_smpp_server_refuses_a_wrong_password(jasmin_python: Path) -> None:
    async def scenario() -> None:
        async with (
            peer("jasmin_smsc.py", jasmin_python.parent, python=str(jasmin_python)) as them,
            sender(them.lines[0]["port"], bound=False, session={"password": "wrong"}) as us,
        ):
            await until(lambda: "bind_refused" in us.reasons())

    run(scenario())
