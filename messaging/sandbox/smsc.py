"""The simulated carrier: an SMPP 3.4 server that does what the script says.

Message ids count up from ``ids_after``. ``fast`` serves connections with ``turbo.FastPeer``, which only counts,
accepts and sends receipts, for load tests.
"""

import asyncio
import datetime as dt
import random
import ssl
from collections.abc import Callable
from pathlib import Path

from messaging.carriers.smpp import pdu
from messaging.carriers.smpp.pdu import Address
from messaging.sandbox.deliveries import Outgoing
from messaging.sandbox.peer import Exchange, Peer
from messaging.sandbox.script import Script
from messaging.sandbox.turbo import FastPeer
from smsplatform.lib import clock, segments


class Smsc(Exchange):
    """The carrier. ``system_id`` and ``password`` empty means that any bind is welcome."""

    def __init__(
        self,
        *,
        script: Script | None = None,
        system_id: str = "",
        password: str = "",
        fast: bool = False,
        record: Path | None = None,
        now: Callable[[], dt.datetime] = clock.now,
        ids_after: int = 0,
    ) -> None:
        super().__init__(
            script=script or Script(),
            system_id=system_id,
            password=password,
            record=record,
            now=now,
            ids_after=ids_after,
        )
        self._fast = fast
        self._server: asyncio.Server | None = None
        self._reference = random.randrange(256)  # noqa: S311 - a concatenation reference is not a secret

    async def start(self, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None) -> int:
        """Listen; the port."""
        kind = FastPeer if self._fast else Peer
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: kind(self), host, port, ssl=tls, backlog=100)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        self.deliveries.stop()
        self.drop()
        if self.record is not None:
            self.record.close()
        await asyncio.sleep(0)

    def drop(self) -> None:
        """Cut every connection, without a word."""
        for peer in list(self.peers):
            peer.abort()

    def unbind(self) -> None:
        """Ask every customer to leave."""
        for peer in list(self.peers):
            peer.unbind()

    def send_text(self, *, source: str, destination: str, text: str, system_id: str = "") -> int:
        """A text from a phone to a customer's number; the parts it took. Raises LookupError, SegmentError."""
        customer = system_id or next((peer.system_id for peer in self.peers if peer.receives), "")
        if not customer:
            raise LookupError("nobody is bound to receive")
        self._reference = (self._reference + 1) & 0xFF
        parts = segments.encode_parts(text, segments.count_fast(text).encoding, self._reference)
        for part in parts:
            body = pdu.short_message_body(
                source=Address(1, 1, source.removeprefix("+").encode()),
                destination=Address(1, 1, destination.removeprefix("+").encode()),
                payload=part.udh + part.payload,
                data_coding=part.data_coding,
                esm_class=0x40 if part.udh else 0,
            )
            self.deliveries.schedule(customer, Outgoing(pdu.DELIVER_SM, body), delay=0)
        return len(parts)
