"""The simulated carrier seen by a client."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from messaging.carriers.smpp import pdu
from messaging.carriers.smpp.errors import Outcome
from messaging.carriers.smpp.inbound import decode
from messaging.carriers.smpp.receipts import IdFormat
from messaging.sandbox.control import Control
from messaging.sandbox.script import MAGIC_NUMBERS, Behaviour, IdStyle, ReceiptForm
from tests.messaging.carriers.smpp.harness import PHONE, bodies, carrier, pair, request, run, sender, until


def number(behaviour: Behaviour) -> str:
    return next(m.number for m in MAGIC_NUMBERS if m.behaviour is behaviour)


@pytest.mark.parametrize(
    ("behaviour", "states"),
    [
        (Behaviour.DELIVERED, ["delivered"]),
        (Behaviour.UNDELIVERED, ["undeliverable"]),
        (Behaviour.EXPIRED, ["expired"]),
        (Behaviour.BLOCKED, ["rejected"]),
        (Behaviour.DUPLICATE_RECEIPT, ["delivered", "delivered"]),
        (Behaviour.EARLY_RECEIPT, ["delivered"]),
        (Behaviour.CONTRADICTED, ["delivered", "undeliverable"]),
    ],
)
def test_magic_numbers_end_as_described(behaviour: Behaviour, states: list[str]) -> None:
    async def scenario() -> None:
        async with pair() as (_, us):
            us.client.submit([request("a", to=number(behaviour))])
            await until(lambda: len(us.receipts) == len(states))
            assert sorted(state for _, state in us.receipts) == sorted(states)
            assert {ref for ref, _ in us.receipts} == {us.results[0].ref}

    run(scenario())


def test_an_early_receipt_comes_before_its_response() -> None:
    """Case 16."""

    async def scenario() -> None:
        async with pair(response_delay=0.1) as (_, us):
            us.client.submit([request("a", to=number(Behaviour.EARLY_RECEIPT))])
            await until(lambda: us.receipts)
            assert us.results == []
            await until(lambda: us.results)
            assert us.results[0].ref == us.receipts[0][0]

    run(scenario())


@pytest.mark.parametrize(
    ("style", "formats"),
    [
        (IdStyle.DECIMAL, [IdFormat.AUTO, IdFormat.DECIMAL, IdFormat.TEXT]),
        (IdStyle.HEX, [IdFormat.AUTO, IdFormat.HEX, IdFormat.TEXT]),
        (IdStyle.HEX_IN_RESPONSE, [IdFormat.AUTO, IdFormat.HEX_IN_RESPONSE]),
        (IdStyle.HEX_IN_RECEIPT, [IdFormat.AUTO, IdFormat.HEX_IN_RECEIPT]),
        (IdStyle.PADDED, [IdFormat.AUTO, IdFormat.HEX, IdFormat.TEXT]),
        (IdStyle.UUID, [IdFormat.AUTO, IdFormat.TEXT]),
    ],
)
@pytest.mark.parametrize("form", list(ReceiptForm))
def test_receipts_find_their_response_in_every_form(style: IdStyle, formats: list[IdFormat], form: ReceiptForm) -> None:
    """Cases 14, 15, 22, 23 and 24."""

    async def scenario() -> None:
        async with carrier(id_style=style, receipt_form=form) as (smsc, port):
            smsc.planner.count = 4710
            for id_format in formats:
                async with sender(port, session={"id_format": id_format}) as us:
                    us.client.submit([request("a")])
                    await until(lambda: us.receipts and us.results)
                    receipt = us.deliveries[0].receipt
                    assert receipt is not None
                    assert us.results[0].ref in (receipt.ref, *receipt.alternatives)
                    assert (receipt.state, receipt.final) == ("delivered", True)

    run(scenario())


def test_intermediate_receipts_are_not_final() -> None:
    """Case 20."""

    async def scenario() -> None:
        async with pair(intermediate=True, receipt_delay=0.05) as (_, us):
            us.client.submit([request("a")])
            await until(lambda: len(us.receipts) == 2)
            assert [d.receipt.final for d in us.deliveries if d.receipt] == [False, True]

    run(scenario())


def test_only_the_right_password_binds() -> None:
    async def scenario() -> None:
        async with carrier(system_id="us", password="secret") as (smsc, port):
            async with sender(port):
                pass
            async with sender(port, bound=False, session={"password": "wrong"}) as us:
                await until(lambda: us.reasons() == ["bind_refused"])
                assert us.states[-1].bind_status == 0x0E
            assert smsc.stats["binds"] == 1

    run(scenario())


def test_a_submit_without_a_bind_is_refused() -> None:
    async def scenario() -> None:
        async with carrier() as (smsc, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(pdu.encode(pdu.SUBMIT_SM, 1, bodies("x")[0]))
            assert (await reader.readexactly(16))[8:12] == b"\0\0\0\x04"
            writer.write(b"\0\0\0\x03" + b"x" * 12)
            assert await reader.read() == pdu.encode(pdu.GENERIC_NACK, 0x78787878, status=2)
            writer.close()
            assert smsc.stats["accepted"] == 0

    run(scenario())


def test_texts_from_phones_arrive_whole() -> None:
    async def scenario() -> None:
        async with pair() as (smsc, us):
            text = "Ответ: да " * 10
            assert smsc.send_text(source=PHONE, destination="+15005559999", text=text) == 2
            await until(lambda: len(us.deliveries) == 2)
            shorts = [
                decode(d.payload, esm_class=d.esm_class, data_coding=d.data_coding, tlvs=d.tlvs) for d in us.deliveries
            ]
            assert "".join(short.text for short in shorts) == text
            assert us.deliveries[0].receipt is None
            assert us.deliveries[0].source == b"15005551234"

    run(scenario())


def test_a_text_from_a_phone_needs_somebody_bound() -> None:
    async def scenario() -> None:
        async with carrier() as (smsc, _):
            with pytest.raises(LookupError):
                smsc.send_text(source=PHONE, destination="+15005559999", text="hi")

    run(scenario())


def test_the_record_tells_what_arrived_without_numbers_or_texts(tmp_path: Path) -> None:
    path = tmp_path / "record.jsonl"

    async def scenario() -> None:
        async with pair(record=path, reject_every=2) as (_, us):
            us.client.submit([request(n, f"secret #run-{n}.") for n in range(4)])
            await until(lambda: len(us.results) == 4)

    run(scenario())
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["marker"] for line in lines] == ["run-0.", "run-1.", "run-2.", "run-3."]
    assert [line["status"] for line in lines] == [0, 0x0B, 0, 0x0B]
    assert "secret" not in path.read_text()
    assert "15005551234" not in path.read_text()


def test_a_fast_carrier_answers_everything() -> None:
    async def scenario() -> None:
        async with pair(fast=True, response_delay=0.01) as (smsc, us):
            for _ in range(10):
                us.client.submit([request(n) for n in range(us.client.free_window())])
                await asyncio.sleep(0.03)
            await until(lambda: len(us.receipts) == smsc.stats["submits"] == smsc.stats["receipts_acked"])
            assert {r.outcome for r in us.results} == {Outcome.ACCEPTED}
            assert sorted(ref for ref, _ in us.receipts) == sorted(r.ref for r in us.results)
            assert us.deliveries[0].destination == b"Acme"

    run(scenario())


class Remote:
    """The control API through a plain HTTP client on a socket."""

    def __init__(self, where: str) -> None:
        self._where = where

    async def __call__(self, method: str, path: str, body: object = None) -> tuple[int, object]:
        host, port = self._where.rsplit(":", 1)
        reader, writer = await asyncio.open_connection(host, int(port))
        raw = b"" if body is None else json.dumps(body).encode()
        writer.write(f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(raw)}\r\n".encode())
        writer.write(b"Connection: close\r\n\r\n" + raw)
        head, _, answer = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
        return int(head.split()[1]), json.loads(answer)


def test_the_program_runs_is_controlled_and_stops(tmp_path: Path) -> None:
    """The whole thing as a process, as the quick start uses it."""

    async def scenario() -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "messaging.sandbox", "--port", "0", "--control", "127.0.0.1:0",
            "--script", '{"receipt_delay": 0.01}', "--record", str(tmp_path / "record"),
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert process.stdout is not None
        ready = json.loads(await process.stdout.readline())
        remote = Remote(ready["control"])
        try:
            async with sender(ready["smpp_port"]) as us:
                us.client.submit([request("a", "Hello €")])
                await until(lambda: us.receipts)
                status, shown = await remote("GET", "/handsets/%2B15005551234")
                assert (status, shown["messages"][0]["text"]) == (200, "Hello €")  # type: ignore[index]  # JSON
                assert (await remote("GET", "/handsets"))[1][0]["number"] == "15005551234"  # type: ignore[index]  # JSON
                assert (await remote("GET", "/stats"))[1]["accepted"] == 1  # type: ignore[index]  # JSON
                assert len((await remote("GET", "/numbers"))[1]) == len(MAGIC_NUMBERS)  # type: ignore[arg-type]  # JSON
                assert (await remote("POST", "/mo", {"from": PHONE, "to": "+1555", "text": "yo"}))[1] == {"parts": 1}
                await until(lambda: len(us.deliveries) == 2)
                assert (await remote("POST", "/script", {"reject_every": 1}))[0] == 200
                us.client.submit([request("b")])
                await until(lambda: len(us.results) == 2)
                assert us.results[1].outcome is Outcome.FINAL
                assert (await remote("POST", "/script", {"reject_every": "x"}))[0] == 400
                assert (await remote("POST", "/mo", {"from": 1}))[0] == 400
                assert (await remote("GET", "/nothing"))[0] == 404
                assert (await remote("DELETE", "/stats"))[0] == 405
                await remote("POST", "/drop")
                await until(us.reasons)
                await us.bound()
        finally:
            process.terminate()
            assert await process.wait() == 0

    run(scenario())


def test_the_control_listens_on_a_unix_socket_and_survives_nonsense(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with carrier() as (smsc, _):
            control = Control(smsc)
            path = await control.start(str(tmp_path / "control"))
            for nonsense in (
                b"\r\n\r\n",
                b"GET\r\n\r\n",
                b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 99 + b"\r\n",
                b"\xff" * 90000,
            ):
                reader, writer = await asyncio.open_unix_connection(path)
                writer.write(nonsense)
                writer.write_eof()
                await reader.read()
                writer.close()
            assert control.answer("GET", "/stats", b"")[0] == 200
            await control.stop()

    run(scenario())


def test_the_carrier_needs_neither_settings_nor_models() -> None:
    """Celery touches a few of Django's string tools; nothing of Django itself is set up."""

    async def scenario() -> None:
        code = "import sys, messaging.sandbox.__main__; print({'django.db', 'django.apps'} & set(sys.modules))"
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
        assert (await process.communicate())[0] == b"set()\n"

    run(scenario())
