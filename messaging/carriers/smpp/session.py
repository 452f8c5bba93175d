"""One SMPP 3.4 session without a socket: bytes, times and requests go in, bytes, results and deliveries come out.

It has no clock, no random source and does no IO, so a simulation can run it through any history. The transport shell
(``client``) calls ``connected``, ``received``, ``tick`` and ``lost``, then takes what has gathered: ``take_output``,
``results``, ``deliveries``, ``alarms``, and closes the connection when ``closing`` holds a reason. ``proven`` says
that the carrier has accepted something on this connection.

The object outlives connections, because what is in doubt does: window slots, pacing and sequence numbers continue.

Rules that are easy to break, and where they live:
- a deliver_sm is answered only by ``ack``, after the caller has stored it;
- link control is answered ahead of queued submits;
- more unacknowledged deliveries than ``deliveries_max`` are refused with "try later", so a flood of stored receipts
  takes bounded memory and leaves the submit window its share of the link;
- after an unbind, by either side, nothing new is submitted, and what is in flight gets time to be answered.
"""

import struct
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

import msgspec

from messaging.carriers.smpp import errors, pdu, receipts
from messaging.carriers.smpp.errors import Outcome
from messaging.carriers.smpp.receipts import IdFormat, Receipt
from messaging.carriers.smpp.throttle import Throttle
from messaging.carriers.smpp.window import SubmitRequest, SubmitResult, Window

UNBIND_SECONDS = 2.0
_DATA_FLAG = 1 << 32
_ANSWER = struct.Struct(">IIIIB").pack
_NO_TLVS: dict[int, bytes] = {}
_ACCEPTED = Outcome.ACCEPTED


class BindMode(StrEnum):
    TRANSCEIVER = "trx"
    TRANSMITTER = "tx"
    RECEIVER = "rx"


class LinkState(StrEnum):
    DOWN = "down"
    CONNECTING = "connecting"
    BINDING = "binding"
    BOUND = "bound"
    DRAINING = "draining"
    CLOSED = "closed"


_BOUND_STATES = (LinkState.BOUND, LinkState.DRAINING)
_BIND_COMMANDS = {
    BindMode.TRANSCEIVER: pdu.Command.BIND_TRANSCEIVER,
    BindMode.TRANSMITTER: pdu.Command.BIND_TRANSMITTER,
    BindMode.RECEIVER: pdu.Command.BIND_RECEIVER,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionOptions:
    """What was agreed with the carrier. ``window`` bounds in-doubt messages as well as requests in flight."""

    system_id: str
    password: str = field(repr=False)
    system_type: str = ""
    address_range: str = ""
    mode: BindMode = BindMode.TRANSCEIVER
    window: int = 100
    bind_seconds: float = 10.0
    response_seconds: float = 30.0
    grace_seconds: float = 300.0
    enquire_seconds: float = 30.0
    drain_seconds: float = 10.0
    deliveries_max: int = 5000
    id_format: IdFormat = IdFormat.AUTO
    overrides: Mapping[int, Outcome] = field(default_factory=dict)


class Delivery(msgspec.Struct, frozen=True, gc=False):
    """A deliver_sm or data_sm: a receipt when ``receipt`` is set, else a text from a phone (``inbound.decode``).

    ``token`` is for ``ack``. ``payload`` begins with a user data header when esm_class has 0x40.
    """

    token: int
    receipt: Receipt | None
    source: bytes
    destination: bytes
    esm_class: int
    data_coding: int
    payload: bytes
    tlvs: dict[int, bytes]


class Alarm(NamedTuple):
    """Something somebody should look at, by short code; ``detail`` is a status or command id, never personal data."""

    code: str
    detail: int


class Session:
    """See the module. All times are monotonic seconds given by the caller."""

    def __init__(self, options: SessionOptions, *, throttle: Throttle | None = None, sequence: int = 0) -> None:
        self.options = options
        self.state = LinkState.DOWN
        self.closing: str | None = None
        self.bind_status: int | None = None
        self.paused = False
        self.proven = False
        self.window = Window(
            size=options.window,
            timeout_seconds=options.response_seconds,
            grace_seconds=options.grace_seconds,
            sequence=sequence,
        )
        self.throttle = throttle or Throttle()
        self.results: list[SubmitResult] = []
        self.deliveries: list[Delivery] = []
        self.alarms: list[Alarm] = []
        self.counters: Counter[str] = Counter()
        self._id_format = options.id_format
        self._generation = 0
        self._framer = pdu.Framer()
        self._queue: deque[SubmitRequest] = deque()
        self._control: list[bytes] = []
        self._data: list[bytes] = []
        self._unacknowledged: set[int] = set()
        self._heard_at = 0.0
        self._phase_until = 0.0
        self._enquired_at: float | None = None
        self._peer_unbind: int | None = None
        self._unbind_sent = False

    # What the caller asks for

    def submit(self, batch: Iterable[SubmitRequest], now: float) -> None:
        """Send as many as window and rate allow now and the rest when they do; unsent ones come back as results."""
        self._queue.extend(batch)
        if self.state is LinkState.BOUND:
            self._pump(now)
        else:
            self._refuse_queue()

    def free_window(self) -> int:
        """How many more requests are welcome now: free slots, and not more than half a second of the rate."""
        if self.state is not LinkState.BOUND or self.options.mode == BindMode.RECEIVER:
            return 0
        free = self.window.free - len(self._queue)
        if self.throttle.rate is not None:
            free = min(free, max(1, int(self.throttle.rate / 2)) - len(self._queue))
        return max(0, free)

    def release(self, count: int, now: float) -> None:
        """``count`` results have been committed: their slots are free."""
        self.window.release(count)
        if self._queue:
            self._pump(now)

    def ack(self, tokens: Iterable[int], status: int = errors.STATUS_OK) -> None:
        """Answer deliveries. Tokens of an earlier connection are ignored: the carrier will send those again."""
        waiting, answer = self._unacknowledged, self._answer_delivery
        for token in tokens:
            if token in waiting:
                waiting.remove(token)
                answer(token, status)

    def drain(self, now: float, seconds: float) -> None:
        """Stop submitting, give what is in flight ``seconds``, unbind, close."""
        if self.state is LinkState.BOUND:
            self._start_draining(now, seconds)
            self._advance_draining(now)
        elif self.state is not LinkState.DRAINING:
            self._close("closed")

    # What the transport reports

    def connected(self, now: float) -> None:
        options = self.options
        self._generation += 1
        self._framer = pdu.Framer()
        self.state, self.closing, self.bind_status = LinkState.BINDING, None, None
        self.paused = self.proven = self._unbind_sent = False
        self._enquired_at = self._peer_unbind = None
        self._heard_at, self._phase_until = now, now + options.bind_seconds
        body = pdu.bind_body(
            system_id=options.system_id,
            password=options.password,
            system_type=options.system_type,
            address_range=options.address_range,
        )
        self._control.append(pdu.encode(_BIND_COMMANDS[options.mode], self.window.next_sequence(), body))

    def received(self, data: bytes, now: float) -> None:
        self._heard_at = now
        self._enquired_at = None
        for command, status, sequence, body in self._framer.feed(data):
            if command == pdu.SUBMIT_SM_RESP:
                self._take_response(status, sequence, body, now)
            elif command in (pdu.DELIVER_SM, pdu.DATA_SM):
                self._take_delivery(command, sequence, body)
            else:
                self._take_control(command, status, sequence, body, now)
        if self._framer.broken:
            self._refuse_stream(*self._framer.broken)
        if self.state is LinkState.DRAINING:
            self._advance_draining(now)

    def tick(self, now: float) -> None:
        """Do what is due. Call at ``deadline`` or earlier."""
        if self.state is LinkState.DOWN:
            return
        self.results += self.window.time_out(now)
        if self.state is LinkState.BINDING and now >= self._phase_until:
            self._close("bind_timeout")
        elif self.state is LinkState.DRAINING:
            self._advance_draining(now)
        elif self.state is LinkState.BOUND:
            self._check_link(now)
            self._pump(now)

    def deadline(self, now: float) -> float | None:
        """When ``tick`` is due next."""
        if self.state is LinkState.DOWN or self.closing:
            return None
        if self.state is not LinkState.BOUND:
            return self._phase_until
        due = [self._heard_at + self.options.enquire_seconds]
        if self._enquired_at is not None:
            due = [self._enquired_at + self.options.response_seconds]
        response = self.window.deadline()
        if response is not None:
            due.append(response)
        if self._queue and self.window.free > 0 and not self.paused:
            due.append(now + self.throttle.wait(now))
        return min(due)

    def lost(self, now: float) -> None:
        """The connection is gone. What was in flight is unknown now; what was queued was never sent."""
        self.state = LinkState.DOWN
        self.results += self.window.lose()
        self._refuse_queue()
        self._unacknowledged.clear()
        self._control.clear()
        self._data.clear()
        self._heard_at = now

    def resumed(self, now: float) -> None:
        self.paused = False
        self._pump(now)

    def take_output(self) -> bytes:
        """What to write, control first."""
        if not self._data and not self._control:
            return b""
        output = b"".join(self._control + self._data)
        self._control.clear()
        self._data.clear()
        return output

    # Submitting

    def _pump(self, now: float) -> None:
        queue = self._queue
        count = min(len(queue), self.window.free)
        if count <= 0 or self.paused or self.state is not LinkState.BOUND:
            return
        count = min(count, self.throttle.allowance(now))
        if count <= 0:
            return
        batch = [queue.popleft() for _ in range(count)]
        pack, append = pdu.HEADER.pack, self._data.append
        for sequence, request in zip(self.window.open(batch, now), batch, strict=True):
            body = request.body
            append(pack(16 + len(body), 4, 0, sequence))
            append(body)
        self.throttle.take(count, now)

    def _refuse_queue(self) -> None:
        if self._queue:
            self.results += self.window.refuse(list(self._queue))
            self._queue.clear()

    def _take_response(self, status: int, sequence: int, body: bytes, now: float) -> None:
        entry = self.window.settle(sequence)
        if entry is None:
            self.counters["stray_responses"] += 1
            return
        token, late = entry
        message_id = pdu.message_id_of(body)
        ref = receipts.response_ref(message_id, self._id_format)
        if status == 0:
            self.proven = True
            self.results.append(SubmitResult(token, _ACCEPTED, "accepted", ref, message_id, 0, sequence, False, late))
            return
        verdict = self._refusal(status, now)
        self.results.append(
            SubmitResult(
                token, verdict.outcome, verdict.code, ref, message_id, status, sequence, verdict.fallback, late
            )
        )

    def _refusal(self, status: int, now: float) -> errors.Verdict:
        verdict = errors.classify(status, self.options.overrides)
        if verdict.outcome is Outcome.THROTTLED:
            self.throttle.slow_down(now)
        elif not errors.is_listed(status, self.options.overrides):
            self._alarm("unlisted_status", status)
        return verdict

    def _take_nack(self, status: int, sequence: int, now: float) -> None:
        """A generic_nack to a submit is the end of that PDU, unless its status asks to slow down."""
        entry = self.window.settle(sequence)
        self._alarm("generic_nack", status)
        if entry is None:
            return
        verdict = self._refusal(status, now) if status else errors.NACKED
        if verdict.outcome is not Outcome.THROTTLED:
            verdict = errors.NACKED
        token, late = entry
        self.results.append(
            SubmitResult(token, verdict.outcome, verdict.code, "", "", status, sequence, verdict.fallback, late)
        )

    # Deliveries

    def _take_delivery(self, command: int, sequence: int, body: bytes) -> None:
        token = self._generation << 33 | sequence
        if command == pdu.DATA_SM:
            token |= _DATA_FLAG
        if not self._welcomes_deliveries or len(self._unacknowledged) >= self.options.deliveries_max:
            self._put_off(token)
            return
        try:
            delivery = self._parsed(token, command, body)
        except pdu.MalformedPdu:
            self._alarm("malformed_delivery", command)
            self._answer_delivery(token, errors.STATUS_BAD_OPTIONAL)
            return
        self._unacknowledged.add(token)
        self.deliveries.append(delivery)

    def _parsed(self, token: int, command: int, body: bytes) -> Delivery:
        usual = receipts.parse_usual(body, self._id_format) if command == 5 else None
        if usual is not None:
            receipt, source, destination, payload = usual
            return Delivery(token, receipt, source, destination, 4, 0, payload, _NO_TLVS)
        message = pdu.parse_short_message(body) if command == pdu.DELIVER_SM else pdu.parse_data(body)
        _, source, destination, esm_class, _, data_coding, payload, tlvs, _ = message
        known = receipts.is_receipt(esm_class, tlvs)
        found = receipts.parse(payload, tlvs, esm_class, self._id_format) if known else None
        return Delivery(token, found, source, destination, esm_class, data_coding, payload, tlvs)

    @property
    def _welcomes_deliveries(self) -> bool:
        return self.state in _BOUND_STATES and not self._unbind_sent

    def _put_off(self, token: int) -> None:
        self.counters["deliveries_put_off"] += 1
        bound = self.state in _BOUND_STATES
        self._answer_delivery(token, errors.STATUS_TRY_LATER if bound else errors.STATUS_WRONG_BIND_STATE)

    def _answer_delivery(self, token: int, status: int) -> None:
        command = pdu.DATA_SM_RESP if token & _DATA_FLAG else pdu.DELIVER_SM_RESP
        self._data.append(_ANSWER(17, command, status, token & 0xFFFFFFFF, 0))

    # Control

    def _take_control(self, command: int, status: int, sequence: int, body: bytes, now: float) -> None:
        if command == pdu.ENQUIRE_LINK:
            self._control.append(pdu.encode(pdu.ENQUIRE_LINK_RESP, sequence))
        elif command == _BIND_COMMANDS[self.options.mode] | pdu.RESPONSE:
            self._take_bind_response(status)
        elif command == pdu.UNBIND:
            self._peer_unbind = sequence
            self._start_draining(now, self.options.drain_seconds)
        elif command == pdu.UNBIND_RESP and self._unbind_sent:
            self._close("closed")
        elif command == pdu.GENERIC_NACK:
            self._take_nack(status, sequence, now)
            if self.state is LinkState.BINDING:
                self._close("bind_refused")
        elif command & pdu.RESPONSE:
            self.counters["other_responses"] += 1
        else:
            self._alarm("unknown_command", command)
            self._control.append(pdu.encode(pdu.GENERIC_NACK, sequence, status=errors.STATUS_INVALID_COMMAND))

    def _take_bind_response(self, status: int) -> None:
        if self.state is not LinkState.BINDING:
            self.counters["stray_responses"] += 1
            return
        self.bind_status = status
        if status:
            self._alarm("bind_refused", status)
            self._close("already_bound" if status == errors.ALREADY_BOUND else "bind_refused")
        else:
            self.state = LinkState.BOUND

    def _check_link(self, now: float) -> None:
        if self._enquired_at is not None:
            if now >= self._enquired_at + self.options.response_seconds:
                self._alarm("enquire_timeout", 0)
                self._close("enquire_timeout")
        elif now >= self._heard_at + self.options.enquire_seconds:
            self._enquired_at = now
            self._control.append(pdu.encode(pdu.ENQUIRE_LINK, self.window.next_sequence()))

    def _start_draining(self, now: float, seconds: float) -> None:
        self.state = LinkState.DRAINING
        self._phase_until = now + seconds
        self._refuse_queue()

    def _advance_draining(self, now: float) -> None:
        """Answer the peer's unbind, or send ours, when nothing is in flight or the time is up."""
        expired = now >= self._phase_until
        if self._peer_unbind is not None:
            if expired or not self.window.in_flight:
                self._data.append(pdu.encode(pdu.UNBIND_RESP, self._peer_unbind))
                self._close("unbound_by_peer")
        elif self._unbind_sent:
            if expired:
                self._close("closed")
        elif expired or not (self.window.in_flight or self._unacknowledged):
            self._unbind_sent = True
            self._phase_until = now + UNBIND_SECONDS
            self._data.append(pdu.encode(pdu.UNBIND, self.window.next_sequence()))

    def _refuse_stream(self, command: int, sequence: int) -> None:
        if not self.closing:
            self._alarm("broken_stream", command)
            self._control.append(pdu.encode(pdu.GENERIC_NACK, sequence, status=errors.STATUS_INVALID_COMMAND_LENGTH))
            self._close("broken_stream")

    def _close(self, reason: str) -> None:
        self.closing = self.closing or reason

    def _alarm(self, code: str, detail: int) -> None:
        self.counters[code] += 1
        self.alarms.append(Alarm(code, detail))
