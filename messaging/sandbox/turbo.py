"""A connection of the simulated carrier for load tests: accept everything, deliver everything, remember nothing.

It copies addresses as they stand, builds receipts by the read and keeps no log, so that on a small machine the
carrier does not take the processor from the system under test. Of the script it obeys the delays only.
"""

import asyncio
import re

from messaging.carriers.smpp import pdu
from messaging.sandbox.peer import Peer

_ADDRESSES = re.compile(rb"[^\0]*\0(..[^\0]*\0)(..[^\0]*\0)", re.DOTALL)
_RECEIPT = b"id:%b sub:001 dlvrd:001 submit date:%b done date:%b stat:DELIVRD err:000 text:"
# service type; then, after the addresses: esm_class 4, protocol, priority, schedule, validity, four flags.
_FLAGS = b"\x04\0\0\0\0\0\0\0\0"
_PARAMETERS = b"\x00\x1e\x00%c%b\x04\x27\x00\x01\x02"


class FastPeer(Peer):
    def data_received(self, data: bytes) -> None:
        out: list[bytes] = []
        accepted: list[tuple[bytes, bytes]] = []
        pack, response, other = pdu.HEADER.pack, pdu.SUBMIT_SM_RESP, []
        first = self.smsc.ids_after
        number, acked = self.smsc.planner.count, 0
        for frame in self._framer.feed(data):
            command = frame[0]
            if command == pdu.SUBMIT_SM:
                number += 1
                message_id = b"%d\0" % (first + number)
                out.append(pack(16 + len(message_id), response, 0, frame[2]) + message_id)
                accepted.append((message_id, frame[3]))
            elif command == pdu.DELIVER_SM_RESP:
                acked += 1
            else:
                other.append(frame)
        self.smsc.planner.count = number
        self.smsc.stats["receipts_acked"] += acked
        if other:
            self.write(b"".join(self._answers(other)))
        if accepted:
            self._accept(out, accepted)

    def _accept(self, out: list[bytes], accepted: list[tuple[bytes, bytes]]) -> None:
        script, loop = self.smsc.script, asyncio.get_running_loop()
        self.smsc.stats["submits"] += len(accepted)
        self.smsc.stats["accepted"] += len(accepted)
        answer = b"".join(out)
        if script.response_delay:
            loop.call_later(script.response_delay, self.write, answer)
        else:
            self.write(answer)
        loop.call_later(script.response_delay + script.receipt_delay, self._deliver, accepted)

    def _deliver(self, accepted: list[tuple[bytes, bytes]]) -> None:
        date = self.smsc.now().strftime("%y%m%d%H%M").encode()
        sequence, pack, out = self._sequence, pdu.HEADER.pack, []
        for message_id, submit in accepted:
            match = _ADDRESSES.match(submit)
            if match is None:
                continue
            source, destination = match.groups()
            text = _RECEIPT % (message_id[:-1], date, date)
            tail = _PARAMETERS % (len(message_id), message_id)
            body = b"\0%b%b%b%c%b%b" % (destination, source, _FLAGS, len(text), text, tail)
            sequence = sequence % pdu.SEQUENCE_MAX + 1
            out.append(pack(16 + len(body), pdu.DELIVER_SM, 0, sequence) + body)
        self._sequence = sequence
        self.smsc.stats["receipts"] += len(out)
        self.write(b"".join(out))
