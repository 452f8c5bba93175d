"""The phones behind the simulated carrier: they put parts together and remember, in memory, for a while."""

import datetime as dt
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from messaging.carriers.smpp.inbound import Short

NUMBERS_MAX = 200
MESSAGES_MAX = 20
UNFINISHED_MAX = 500
KEPT = dt.timedelta(hours=1)


class Received(NamedTuple):
    """A text as the person sees it. ``ids`` are the carrier's, one for each part."""

    source: str
    text: str
    parts: int
    ids: tuple[str, ...]
    received_at: dt.datetime

    def to_json(self) -> dict[str, Any]:
        return {
            "from": self.source,
            "text": self.text,
            "parts": self.parts,
            "ids": list(self.ids),
            "received_at": self.received_at.isoformat(),
        }


@dataclass(slots=True)
class _Unfinished:
    at: dt.datetime
    texts: dict[int, str] = field(default_factory=dict)
    ids: dict[int, str] = field(default_factory=dict)


class Handsets:
    """The last messages of the last numbers; nothing older than an hour is shown or kept."""

    def __init__(self) -> None:
        self._phones: OrderedDict[str, deque[Received]] = OrderedDict()
        self._unfinished: OrderedDict[tuple[str, str, int, int], _Unfinished] = OrderedDict()

    def receive(
        self, *, source: str, destination: str, short: Short, message_id: str, at: dt.datetime
    ) -> Received | None:
        """One part on the air; returns the message when it is whole."""
        if short.part is None:
            return self._show(destination, Received(source, short.text, 1, (message_id,), at))
        reference, total, number = short.part
        key = (source, destination, reference, total)
        unfinished = self._unfinished.setdefault(key, _Unfinished(at))
        unfinished.texts[number] = short.text
        unfinished.ids[number] = message_id
        if len(unfinished.texts) < total:
            self._forget_unfinished(at)
            return None
        del self._unfinished[key]
        order = range(1, total + 1)
        text = "".join(unfinished.texts[n] for n in order)
        return self._show(destination, Received(source, text, total, tuple(unfinished.ids[n] for n in order), at))

    def numbers(self, at: dt.datetime) -> list[dict[str, Any]]:
        """Every phone with its message count and last text, newest first."""
        shown = ((number, self.messages(number, at)) for number in reversed(list(self._phones)))
        return [
            {"number": number, "messages": len(messages), "last": messages[0].to_json()}
            for number, messages in shown
            if messages
        ]

    def messages(self, number: str, at: dt.datetime) -> list[Received]:
        """Newest first."""
        kept = self._phones.get(number.removeprefix("+"), ())
        return [message for message in reversed(kept) if at - message.received_at < KEPT]

    def forget_old(self, at: dt.datetime) -> None:
        for number in [number for number in self._phones if not self.messages(number, at)]:
            del self._phones[number]
        self._forget_unfinished(at)

    def _show(self, destination: str, message: Received) -> Received:
        phone = self._phones.setdefault(destination, deque(maxlen=MESSAGES_MAX))
        phone.append(message)
        self._phones.move_to_end(destination)
        if len(self._phones) > NUMBERS_MAX:
            self._phones.popitem(last=False)
        return message

    def _forget_unfinished(self, at: dt.datetime) -> None:
        while self._unfinished:
            oldest = next(iter(self._unfinished.values()))
            if len(self._unfinished) <= UNFINISHED_MAX and at - oldest.at < KEPT:
                return
            self._unfinished.popitem(last=False)
