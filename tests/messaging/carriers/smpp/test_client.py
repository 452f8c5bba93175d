"""The client against the simulated carrier, over loopback."""

import asyncio
import datetime as dt
import socket
import ssl
import time
from pathlib import Path

import pytest
import time_machine
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from messaging.carriers.smpp.client import SubmitRequest, Tls, backoff
from messaging.carriers.smpp.errors import Outcome
from messaging.carriers.smpp.session import BindMode, LinkState
from messaging.carriers.smpp.throttle import Throttle
from messaging.sandbox.script import Script
from smsplatform.lib import clock
from tests.messaging.carriers.smpp.harness import PHONE, Sender, bodies, carrier, pair, request, run, sender, until


def test_a_batch_is_accepted_and_its_receipts_come_back() -> None:
    async def scenario() -> None:
        async with pair() as (smsc, us):
            us.client.submit([request(n) for n in range(50)])

            await until(lambda: len(us.receipts) == 50)

            assert [result.token for result in us.results] == list(range(50))
            assert {result.outcome for result in us.results} == {Outcome.ACCEPTED}
            assert sorted(ref for ref, _ in us.receipts) == sorted(result.ref for result in us.results)
            assert {state for _, state in us.receipts} == {"delivered"}
            await until(lambda: smsc.stats["receipts_acked"] == 50)

    run(scenario())


def test_the_states_of_a_link_are_told_in_order() -> None:
    async def scenario() -> None:
        async with pair() as (_, us):
            pass
        assert [change.state for change in us.states] == [
            LinkState.CONNECTING,
            LinkState.BINDING,
            LinkState.BOUND,
            LinkState.DRAINING,
            LinkState.CLOSED,
        ]

    run(scenario())


@pytest.mark.parametrize(
    ("status", "reason"), [(0x0E, "bind_refused"), (0x0F, "bind_refused"), (0x05, "already_bound")]
)
def test_a_refused_bind_is_tried_again_and_not_in_a_tight_loop(status: int, reason: str) -> None:
    """Cases 1 and 2."""

    async def scenario() -> None:
        async with carrier(bind_status=status) as (smsc, port), sender(port, bound=False) as us:
            await asyncio.sleep(0.4)
            assert 2 <= smsc.stats["binds_refused"] <= 8
            assert set(us.reasons()) == {reason}
            assert us.states[2].bind_status == status
            assert {alarm.code for alarm in us.alarms} == {"bind_refused"}
            smsc.script = Script()
            await us.bound()

    run(scenario())


def test_a_bind_too_many_waits_for_the_old_session_to_go() -> None:
    """Cases 2 and 49."""

    async def scenario() -> None:
        async with carrier(binds_max=1) as (smsc, port), sender(port) as first:
            async with sender(port, bound=False) as second:
                await until(lambda: "already_bound" in second.reasons())
                await first.client.close(1)
                await second.bound()
            assert smsc.stats["binds"] == 2

    run(scenario())


@pytest.mark.parametrize("step", [dt.timedelta(hours=2), dt.timedelta(hours=-2)])
def test_a_jump_of_the_clock_changes_nothing(step: dt.timedelta) -> None:
    """Case 48."""

    async def scenario() -> None:
        async with pair(response_delay=0.2, to_sender={"session": {"enquire_seconds": 1.0}}) as (_, us):
            us.client.submit([request(n) for n in range(10)])
            with time_machine.travel(clock.now() + step):
                await until(lambda: len(us.receipts) == 10)
            assert {result.outcome for result in us.results} == {Outcome.ACCEPTED}
            assert us.reasons() == []

    run(scenario())


def test_the_waiting_time_doubles_to_at_least_a_minute_with_jitter() -> None:
    """Case 1."""
    lengths = [backoff(failures, least=0.5, most=120, chance=0.0) for failures in range(12)]
    longest = [backoff(failures, least=0.5, most=120, chance=1.0) for failures in range(12)]

    assert lengths == sorted(lengths)
    assert lengths[-1] == 60
    assert longest[-1] == 120
    assert lengths[0] == 0.25


def test_a_carrier_that_accepts_and_says_nothing_is_left() -> None:
    """Case 3."""

    async def scenario() -> None:
        session = {"bind_seconds": 0.1}
        async with carrier(bind_silent=True) as (_, port), sender(port, bound=False, session=session) as us:
            await until(lambda: "bind_timeout" in us.reasons())

    run(scenario())


def test_a_carrier_that_is_not_there_is_tried_again() -> None:
    async def scenario() -> None:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            port = unused.getsockname()[1]
            async with sender(port, bound=False) as us:
                await until(lambda: us.reasons().count("connect_failed") >= 2)

    run(scenario())


def test_a_reset_leaves_what_was_in_flight_unknown_and_the_client_binds_again() -> None:
    """Case 4."""

    async def scenario() -> None:
        async with pair() as (smsc, us):
            smsc.script = Script(stall=True)
            us.client.submit([request(n) for n in range(20)])
            await asyncio.sleep(0.05)
            smsc.script = Script()
            smsc.drop()

            await until(lambda: len(us.results) == 20)

            assert {(r.outcome, r.code) for r in us.results} == {(Outcome.UNKNOWN, "disconnected")}
            await us.bound()
            assert us.client.free_window() == 100

    run(scenario())


def test_a_disconnect_in_the_middle_loses_no_request_and_no_receipt() -> None:
    """Cases 4 and 25: the carrier kept what it had accepted, and tells about it on the next bind."""

    async def scenario() -> None:
        async with pair(disconnect_every=10) as (smsc, us):
            for n in range(40):
                us.client.submit([request(n)])
                await asyncio.sleep(0.003)
                await us.bound()
            await until(lambda: len(us.results) == 40)
            tokens = {result.token: result.outcome for result in us.results}
            assert set(tokens) == set(range(40))
            assert Outcome.UNKNOWN in tokens.values()
            await until(lambda: len({ref for ref, _ in us.receipts}) == smsc.stats["accepted"])

    run(scenario())


def test_a_carrier_that_hangs_up_often_but_works_is_rejoined_at_once() -> None:
    async def scenario() -> None:
        async with pair(disconnect_every=3, to_sender={"backoff_min_seconds": 0.02}) as (_, us):
            for n in range(30):
                us.client.submit([request(n)])
                await until(lambda n=n: len(us.results) > n)  # type: ignore[misc]  # bound now
                await us.bound()
            waits = [change.retry_seconds for change in us.states if change.state is LinkState.DOWN]
            assert len(waits) >= 9
            assert max(waits) <= 0.02

    run(scenario())


def test_a_late_response_still_counts() -> None:
    """Cases 5 and 6."""

    async def scenario() -> None:
        async with pair(response_delay=0.3, to_sender={"session": {"response_seconds": 0.1}}) as (_, us):
            us.client.submit([request("a")])

            await until(lambda: len(us.results) == 2)

            assert [(r.outcome, r.late) for r in us.results] == [(Outcome.UNKNOWN, False), (Outcome.ACCEPTED, True)]
            assert us.client.free_window() == 100

    run(scenario())


def test_throttling_slows_down_and_everything_gets_through() -> None:
    """Case 9."""

    async def scenario() -> None:
        throttle = Throttle(400.0)
        async with pair(rate_max=100, to_sender={"throttle": throttle}) as (smsc, us):
            waiting: list[object] = list(range(120))
            async with asyncio.timeout(20):
                while waiting or us.client.free_window() < 100:
                    free = us.client.free_window()
                    if free and waiting:
                        us.client.submit([request(token) for token in waiting[:free]])
                        del waiting[:free]
                    await asyncio.sleep(0.01)
                    waiting += [r.token for r in us.results if r.outcome is Outcome.THROTTLED]
                    us.results = [r for r in us.results if r.outcome is not Outcome.THROTTLED]
                    if len(us.results) == 120:
                        break

            assert {result.token for result in us.results} == set(range(120))
            assert throttle.throttled
            assert smsc.stats["rate_exceeded"] < 200

    run(scenario())


def test_receipts_that_were_not_acknowledged_come_again_after_a_reconnect() -> None:
    """Case 25."""

    async def scenario() -> None:
        async with pair(to_sender={"acks": False}) as (smsc, us):
            us.client.submit([request("a")])
            await until(lambda: len(us.deliveries) == 1)
            assert smsc.stats["receipts_acked"] == 0

            us.acks = True
            smsc.drop()

            await until(lambda: smsc.stats["receipts_acked"] == 1)
            assert us.receipts[0] == us.receipts[1]

    run(scenario())


def test_a_flood_at_bind_does_not_keep_submits_from_going_out() -> None:
    """Case 26."""

    async def scenario() -> None:
        async with carrier(receipt_window=100_000, receipt_retry=0.05) as (smsc, port):
            async with sender(port, acks=False, session={"deliveries_max": 5000}) as first:
                for _ in range(20):
                    await until(lambda: first.client.free_window() == 100)
                    first.client.submit([request(n) for n in range(100)])
                await until(lambda: smsc.stats["accepted"] == 2000)
            async with sender(port, acks=False, session={"deliveries_max": 50}) as us:
                us.client.submit([request(n) for n in range(100)])
                await until(lambda: len(us.results) == 100, 2)
                assert len(us.deliveries) == 50
                us.acks = True
                us.client.ack([delivery.token for delivery in us.deliveries])
                await until(lambda: smsc.stats["receipts_acked"] == 2100)

    run(scenario())


def test_a_link_that_went_silent_is_closed_and_made_anew() -> None:
    """Cases 28 and 31: a stalled peer looks like a black hole, only that its socket still answers."""

    async def scenario() -> None:
        session = {"enquire_seconds": 0.1, "response_seconds": 0.2}
        async with pair(to_sender={"session": session}) as (smsc, us):
            smsc.script = Script(stall=True)
            us.client.submit([request("a")])
            began = time.monotonic()

            await until(lambda: "enquire_timeout" in us.reasons())

            assert time.monotonic() - began < 0.6
            assert [result.outcome for result in us.results] == [Outcome.UNKNOWN]
            smsc.script = Script()
            await us.bound()

    run(scenario())


def test_an_idle_link_stays_up_by_enquiries() -> None:
    async def scenario() -> None:
        session = {"enquire_seconds": 0.03, "response_seconds": 0.2}
        async with pair(to_sender={"session": session}) as (_, us):
            await asyncio.sleep(0.3)
            assert us.reasons() == []

    run(scenario())


def test_an_unbind_of_the_carrier_loses_nothing() -> None:
    """Case 30."""

    async def scenario() -> None:
        async with pair(response_delay=0.1) as (smsc, us):
            us.client.submit([request(n) for n in range(10)])
            await asyncio.sleep(0.02)
            smsc.unbind()

            await until(lambda: len(us.results) == 10)

            assert {result.outcome for result in us.results} == {Outcome.ACCEPTED}
            await until(lambda: us.reasons() == ["unbound_by_peer"])
            await us.bound()

    run(scenario())


@pytest.mark.parametrize("window", [1, 7, 50])
def test_the_carrier_never_sees_more_than_the_window(window: int) -> None:
    """Case 36, measured at the carrier, over reconnects."""

    async def scenario() -> None:
        options = {"session": {"window": window}}
        async with pair(response_delay=0.01, disconnect_every=90, to_sender=options) as (smsc, us):
            left = list(range(200))
            async with asyncio.timeout(15):
                while len(us.results) < 200:
                    free = us.client.free_window()
                    us.client.submit([request(left.pop()) for _ in range(min(free, len(left)))])
                    await asyncio.sleep(0.002)
            assert smsc.stats["window_seen"] <= window

    run(scenario())


def test_the_rate_of_an_account_holds_over_its_binds() -> None:
    """Case 37."""

    async def scenario() -> None:
        throttle = Throttle(200.0)
        async with (
            carrier() as (_, port),
            sender(port, throttle=throttle) as one,
            sender(port, throttle=throttle) as two,
        ):
            began = time.monotonic()
            for us in (one, two):
                us.client.submit([request(n) for n in range(100)])
            await until(lambda: len(one.results) + len(two.results) == 200)
            assert 0.9 <= time.monotonic() - began <= 1.3

    run(scenario())


@pytest.mark.parametrize("long_message", ["udh", "sar", "payload"])
@pytest.mark.parametrize(("text", "encoding"), [("Hällo €[x] " * 40, "gsm7"), ("Привет 😀 " * 30, "ucs2")])
def test_a_long_text_arrives_whole_in_all_three_ways(long_message: str, text: str, encoding: str) -> None:
    """Case 41."""

    async def scenario() -> None:
        async with pair() as (smsc, us):
            parts = bodies(text, encoding=encoding, long_message=long_message)
            us.client.submit([SubmitRequest(n, body) for n, body in enumerate(parts)])

            await until(lambda: len(us.receipts) == len(parts))

            [message] = smsc.handsets.messages(PHONE, clock.now())
            assert message.text == text
            assert (len(parts) == 1) is (long_message == "payload")

    run(scenario())


def test_parts_of_one_message_have_receipts_of_their_own() -> None:
    """Case 21."""

    async def scenario() -> None:
        async with pair(undelivered_part=2) as (_, us):
            parts = bodies("a" * 400)
            us.client.submit([SubmitRequest(n, body) for n, body in enumerate(parts)])

            await until(lambda: len(us.receipts) == 3)

            states = dict(us.receipts)
            assert [states[result.ref] for result in us.results] == ["delivered", "undeliverable", "delivered"]

    run(scenario())


def test_a_transmitter_and_a_receiver_make_one_account() -> None:
    async def scenario() -> None:
        async with (
            carrier() as (_, port),
            sender(port, session={"mode": BindMode.TRANSMITTER}) as out,
            sender(port, session={"mode": BindMode.RECEIVER}) as back,
        ):
            assert back.client.free_window() == 0
            out.client.submit([request("a")])

            await until(lambda: len(back.receipts) == 1)

            assert out.deliveries == []

    run(scenario())


def test_a_clean_end_leaves_nothing_in_doubt() -> None:
    """Case 50."""

    async def scenario() -> None:
        async with carrier(response_delay=0.2) as (smsc, port):
            us = Sender(port)
            us.client.start()
            await us.bound()
            us.client.submit([request(n) for n in range(50)])

            await us.client.close(5)

            assert [result.outcome for result in us.results] == [Outcome.ACCEPTED] * 50
            assert smsc.stats["submits"] == 50
            assert us.client.state is LinkState.CLOSED

    run(scenario())


def test_a_clean_end_does_not_wait_for_a_carrier_that_is_silent() -> None:
    """Case 50."""

    async def scenario() -> None:
        async with pair() as (smsc, us):
            smsc.script = Script(stall=True)
            us.client.submit([request("a")])
            began = time.monotonic()

            await us.client.close(0.2)

            assert time.monotonic() - began < 4
            assert [result.outcome for result in us.results] == [Outcome.UNKNOWN]

    run(scenario())


def test_closing_while_connecting_ends_at_once() -> None:
    async def scenario() -> None:
        async with carrier(bind_silent=True) as (_, port):
            us = Sender(port, session={"bind_seconds": 30.0})
            us.client.start()
            await until(lambda: us.client.state is LinkState.BINDING)

            async with asyncio.timeout(2):
                await us.client.close(10)

    run(scenario())


def test_a_free_window_is_announced() -> None:
    async def scenario() -> None:
        async with pair(to_sender={"releases": False}) as (_, us):
            us.client.submit([request(n) for n in range(100)])
            await until(lambda: len(us.results) == 100)
            assert us.client.free_window() == 0
            us.windows.clear()

            us.client.release(40)

            assert us.windows == [40]

    run(scenario())


def authority(name: str, directory: Path, *, days: int = 1) -> tuple[Path, ssl.SSLContext]:
    """A self-made certificate for ``name`` and a server that shows it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = clock.now()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=10))
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    directory.mkdir(parents=True)
    certificate_file, key_file = directory / "certificate.pem", directory / "key.pem"
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate_file, key_file)
    return certificate_file, context


def test_a_verified_carrier_is_bound_over_tls(tmp_path: Path) -> None:
    """Case 47."""
    certificate, context = authority("smsc.example", tmp_path / "good")

    async def scenario() -> None:
        tls = Tls(server_name="smsc.example", ca_file=str(certificate))
        async with carrier(tls=context) as (_, port), sender(port, tls=tls) as us:
            us.client.submit([request("a")])
            await until(lambda: len(us.receipts) == 1)

    run(scenario())


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@pytest.mark.parametrize("fault", ["name", "expired", "self_signed", "old_version"])
def test_a_carrier_that_cannot_be_verified_is_refused(fault: str, tmp_path: Path) -> None:
    """Case 47."""
    certificate, context = authority("smsc.example", tmp_path / "carrier", days=-1 if fault == "expired" else 1)
    trusted = authority("other.example", tmp_path / "other")[0] if fault == "self_signed" else certificate
    if fault == "old_version":
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("ALL:@SECLEVEL=0")
    name = "wrong.example" if fault == "name" else "smsc.example"

    async def scenario() -> None:
        tls = Tls(server_name=name, ca_file=str(trusted))
        async with carrier(tls=context) as (smsc, port), sender(port, bound=False, tls=tls) as us:
            await until(us.reasons)
            assert us.reasons()[0] in ("tls_failed", "connect_failed")
            assert smsc.stats["binds"] == 0

    run(scenario())


def test_a_peer_that_resets_during_bind_is_tried_again() -> None:
    async def scenario() -> None:
        async with carrier(bind_silent=True) as (smsc, port), sender(port, bound=False) as us:
            await until(lambda: bool(smsc.peers))
            smsc.drop()
            await until(lambda: len(us.reasons()) >= 1)
            smsc.script = Script()
            await us.bound()

    run(scenario())
