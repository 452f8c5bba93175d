"""One connection of a customer to the simulated carrier. Each read is answered by one write."""

import asyncio
import datetime as dt
import random
from collections import Counter, deque
from collections.abc import Callable
from pathlib import Path
from typing import cast

from messaging.carriers.smpp import errors, pdu
from messaging.carriers.smpp.inbound import Short, decode
from messaging.carriers.smpp.pdu import Address, Command, Framer, ShortMessage
from messaging.sandbox.deliveries import Deliveries, Outgoing
from messaging.sandbox.handsets import Handsets
from messaging.sandbox.record import Record
from messaging.sandbox.script import Plan, Planner, ReceiptPlan, Script
from messaging.sandbox.wire import Receipt, Spelled, receipt_pdu, spell
from smsplatform.lib import segments

_SYSTEM_ID = b"sandbox\0"
_REGISTERED = 0x03


class Exchange:
    """What all connections share: the plan, the phones, what is on its way, and the counters."""

    def __init__(
        self,
        *,
        script: Script,
        system_id: str,
        password: str,
        record: Path | None,
        now: Callable[[], dt.datetime],
        ids_after: int,
    ) -> None:
        self.ids_after = ids_after
        self.stats: Counter[str] = Counter()
        self.planner = Planner(script)
        self.deliveries = Deliveries(self.stats)
        self.handsets = Handsets()
        self.peers: set[Peer] = set()
        self.credentials = (system_id, password) if system_id else None
        self.record = Record(record) if record else None
        self.now = now

    @property
    def script(self) -> Script:
        return self.planner.script

    @script.setter
    def script(self, script: Script) -> None:
        self.planner.script = script

    def bound(self) -> int:
        return sum(1 for peer in self.peers if peer.system_id)


class Peer(asyncio.Protocol):
    """One connection. ``system_id`` is empty until it has bound."""

    def __init__(self, smsc: Exchange) -> None:
        self.smsc = smsc
        self.system_id = ""
        self.receives = False
        self._transmits = False
        self._framer = Framer()
        self._transport: asyncio.Transport | None = None
        self._sequence = 0
        self._awaiting: dict[int, Outgoing] = {}
        self._outstanding = 0
        self._second: deque[float] = deque()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.smsc.peers.add(self)
        self.smsc.stats["connections"] += 1

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self.smsc.peers.discard(self)
        self.smsc.deliveries.detach(self, list(self._awaiting.values()))
        self._awaiting.clear()

    def data_received(self, data: bytes) -> None:
        frames = self._framer.feed(data)
        if not self.smsc.script.stall:
            self.write(b"".join(self._answers(frames)))
        if self._framer.broken:
            self.write(
                pdu.encode(pdu.GENERIC_NACK, self._framer.broken[1], status=errors.STATUS_INVALID_COMMAND_LENGTH)
            )
            self.close()
        if self._awaiting or self.receives:
            self.smsc.deliveries.pump(self.system_id)

    # deliveries.Receiver

    def room(self) -> int:
        return self.smsc.script.receipt_window - len(self._awaiting)

    def send(self, batch: list[Outgoing]) -> None:
        self.write(b"".join(map(self._numbered, batch)))

    # Orders

    def write(self, data: bytes) -> None:
        if data and self._transport is not None:
            self._transport.write(data)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def unbind(self) -> None:
        self.write(pdu.encode(pdu.UNBIND, self._next_sequence()))

    # Answering

    def _answers(self, frames: list[pdu.Frame]) -> list[bytes]:
        out: list[bytes] = []
        for command, status, sequence, body in frames:
            if command == pdu.SUBMIT_SM:
                self._submit(sequence, body, out)
            elif command in (pdu.DELIVER_SM_RESP, pdu.DATA_SM_RESP):
                self._acknowledged(sequence, status)
            else:
                self._control(command, sequence, body, out)
        return out

    def _control(self, command: int, sequence: int, body: bytes, out: list[bytes]) -> None:
        if command in pdu.BINDS:
            self._bind(command, sequence, body, out)
        elif command == pdu.ENQUIRE_LINK:
            if not self.smsc.script.enquire_silent:
                out.append(pdu.encode(pdu.ENQUIRE_LINK_RESP, sequence))
        elif command == pdu.UNBIND:
            out.append(pdu.encode(pdu.UNBIND_RESP, sequence))
            asyncio.get_running_loop().call_soon(self.close)
        elif command == pdu.UNBIND_RESP:
            self.close()
        elif not command & pdu.RESPONSE:
            out.append(pdu.encode(pdu.GENERIC_NACK, sequence, status=errors.STATUS_INVALID_COMMAND))

    def _bind(self, command: int, sequence: int, body: bytes, out: list[bytes]) -> None:
        smsc = self.smsc
        if smsc.script.bind_silent:
            return
        status = self._bind_status(body)
        smsc.stats["binds_refused" if status else "binds"] += 1
        response = command | pdu.RESPONSE
        if status:
            out.append(pdu.encode(response, sequence, status=status))
            return
        out.append(pdu.encode(response, sequence, _SYSTEM_ID))
        self._transmits = command != Command.BIND_RECEIVER
        self.receives = command != Command.BIND_TRANSMITTER
        if self.receives:
            asyncio.get_running_loop().call_soon(smsc.deliveries.attach, self)

    def _bind_status(self, body: bytes) -> int:
        smsc = self.smsc
        script = smsc.script
        if script.bind_status:
            return script.bind_status
        if self.system_id or (script.binds_max and smsc.bound() >= script.binds_max):
            return errors.ALREADY_BOUND
        try:
            bind = pdu.parse_bind(body)
        except pdu.MalformedPdu:
            return errors.STATUS_INVALID_COMMAND_LENGTH
        if smsc.credentials is not None and (bind.system_id, bind.password) != smsc.credentials:
            return 0x0E if bind.system_id == smsc.credentials[0] else 0x0F
        self.system_id = bind.system_id or "anonymous"
        return 0

    def _acknowledged(self, sequence: int, status: int) -> None:
        outgoing = self._awaiting.pop(sequence, None)
        if outgoing is None:
            self.smsc.stats["acks_stray"] += 1
        elif status == 0:
            self.smsc.stats["receipts_acked"] += 1
        else:
            self.smsc.stats["receipts_refused"] += 1
            self.smsc.deliveries.schedule(self.system_id, outgoing, delay=self.smsc.script.receipt_retry)

    # Submits

    def _submit(self, sequence: int, body: bytes, out: list[bytes]) -> None:
        smsc = self.smsc
        smsc.stats["submits"] += 1
        status = self._refusal()
        try:
            message = pdu.parse_short_message(body)
        except pdu.MalformedPdu:
            status, message = status or errors.STATUS_INVALID_COMMAND_LENGTH, None
        if message is None or status:
            out.append(_response(sequence, status))
            return
        charset: segments.Charset = "latin1" if smsc.script.charset == "latin1" else "gsm7"
        short = decode(
            message.payload,
            esm_class=message.esm_class,
            data_coding=message.data_coding,
            tlvs=message.tlvs,
            charset=charset,
        )
        part = short.part.number if short.part else 1
        plan = smsc.planner.plan(message.destination, part)
        if smsc.record is not None:
            smsc.record.write(
                sequence=sequence,
                system_id=self.system_id,
                destination=message.destination,
                text=short.text,
                part=part,
                status=plan.status,
            )
        self._carry_out(plan, sequence, message, short, out)

    def _refusal(self) -> int:
        """Rules on the bind itself: its kind, its window, its rate."""
        script = self.smsc.script
        self._outstanding += 1
        self.smsc.stats["window_seen"] = max(self.smsc.stats["window_seen"], self._outstanding)
        status = 0
        if not self._transmits:
            status = errors.STATUS_WRONG_BIND_STATE
        elif script.window_max and self._outstanding > script.window_max:
            self.smsc.stats["window_exceeded"] += 1
            status = errors.STATUS_QUEUE_FULL
        elif script.rate_max and not self._within_rate(script.rate_max):
            self.smsc.stats["rate_exceeded"] += 1
            status = errors.STATUS_THROTTLED
        if status:
            self._outstanding -= 1
        return status

    def _within_rate(self, rate_max: int) -> bool:
        now = asyncio.get_running_loop().time()
        second = self._second
        while second and second[0] <= now - 1.0:
            second.popleft()
        if len(second) >= rate_max:
            return False
        second.append(now)
        return True

    def _carry_out(self, plan: Plan, sequence: int, message: ShortMessage, short: Short, out: list[bytes]) -> None:
        smsc = self.smsc
        message_id = spell(smsc.ids_after + smsc.planner.count, smsc.script.id_style)
        if plan.status in (0, None):
            smsc.stats["accepted"] += 1
            if plan.arrives:
                self._ring(message, short, message_id)
            self._receipts(plan, message, message_id, out)
        else:
            smsc.stats["refused"] += 1
        if plan.status is not None:
            self._respond(plan.status, sequence, message_id, out)
        if plan.unbind:
            out.append(pdu.encode(pdu.UNBIND, self._next_sequence()))
        if plan.disconnect:
            # The worst moment: accepted, and the answers of this whole read are lost.
            out.clear()
            self.abort()

    def _ring(self, message: ShortMessage, short: Short, message_id: Spelled) -> None:
        self.smsc.handsets.receive(
            source=message.source.decode("latin-1"),
            destination=message.destination.decode("latin-1").removeprefix("+"),
            short=short,
            message_id=message_id.in_receipt.decode(),
            at=self.smsc.now(),
        )

    def _respond(self, status: int, sequence: int, message_id: Spelled, out: list[bytes]) -> None:
        script = self.smsc.script
        response = _response(sequence, status, message_id.in_response)
        delay = script.response_delay + script.response_jitter * _chance()
        if delay:
            asyncio.get_running_loop().call_later(delay, self._respond_late, response)
        else:
            self._outstanding -= 1
            out.append(response)

    def _respond_late(self, response: bytes) -> None:
        self._outstanding -= 1
        self.write(response)

    def _receipts(self, plan: Plan, message: ShortMessage, message_id: Spelled, out: list[bytes]) -> None:
        if not message.registered_delivery & _REGISTERED:
            return
        script = self.smsc.script
        delay = script.response_delay + script.receipt_delay + script.receipt_jitter * _chance()
        for receipt in plan.receipts:
            outgoing = self._receipt(receipt, message, message_id)
            self.smsc.stats["receipts"] += 1
            if plan.early:
                out.append(self._numbered(outgoing))
            else:
                self.smsc.deliveries.schedule(self.system_id, outgoing, delay=delay + receipt.delay)
        if script.intermediate:
            outgoing = self._receipt(ReceiptPlan(0, "ENROUTE", "000"), message, message_id)
            self.smsc.deliveries.schedule(self.system_id, outgoing, delay=delay / 2)

    def _receipt(self, plan: ReceiptPlan, message: ShortMessage, message_id: Spelled) -> Outgoing:
        at = self.smsc.now()
        receipt = Receipt(
            message_id=message_id.in_receipt,
            source=Address(1, 1, message.destination),
            destination=Address(message.source_ton, 0 if message.source_ton == 5 else 1, message.source),
            state=plan.state,
            error=plan.error,
            submitted_at=at,
            done_at=at + dt.timedelta(seconds=self.smsc.script.receipt_delay + plan.delay),
        )
        return Outgoing(*receipt_pdu(receipt, self.smsc.script.receipt_form))

    def _numbered(self, outgoing: Outgoing) -> bytes:
        sequence = self._next_sequence()
        self._awaiting[sequence] = outgoing
        return pdu.encode(outgoing.command, sequence, outgoing.body)

    def _next_sequence(self) -> int:
        self._sequence = self._sequence % pdu.SEQUENCE_MAX + 1
        return self._sequence


def _response(sequence: int, status: int, message_id: bytes = b"") -> bytes:
    if status == -1:
        return pdu.encode(pdu.GENERIC_NACK, sequence, status=errors.STATUS_INVALID_COMMAND)
    # A refusal has no body: many carriers leave it out, so ours does, to keep everybody used to it.
    return pdu.encode(pdu.SUBMIT_SM_RESP, sequence, b"" if status else message_id + b"\0", status)


def _chance() -> float:
    return random.random()  # noqa: S311 - jitter
