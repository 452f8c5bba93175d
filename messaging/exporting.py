"""What can be exported: for each kind its columns, its size, and the reading of one bounded piece.

A kind is added here and in ``Export.Kind``. Reading begins behind a cursor and never looks at more than ``READ_MAX``
rows, so that a piece takes well under a second whatever the filter.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
from phonenumbers import country_code_for_region

from accounts.roles import Scope
from messaging import presenting, windows
from messaging.models import Export, Message, Sender
from messaging.models.message import MessageQuerySet
from messaging.windows import Wanted
from smsplatform.lib import ids

READ_MAX = 5_000
Row = dict[str, Any]


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for, as it is kept in ``Export.filter``: a mode and the fields of ``Wanted``."""

    livemode: bool
    wanted: dict[str, str] = {}

    @property
    def fields(self) -> Wanted:
        """The filter with its days as days."""
        days: dict[str, Any] = {
            name: dt.date.fromisoformat(self.wanted[name]) for name in ("since", "until") if name in self.wanted
        }
        return Wanted(**{**self.wanted, **days})


def selection(*, livemode: bool, wanted: Wanted) -> Selection:
    """The filter of a list as a value to keep."""
    return Selection(livemode=livemode, wanted={name: str(value) for name, value in asdict(wanted).items() if value})


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """Rows read, newest first, and where the next piece begins; None at the end."""

    rows: list[Row]
    cursor: UUID | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """A list that can be exported. ``estimate`` counts what will be read, ``read`` reads what is before a cursor.

    ``permission`` is what a person of the workspace needs; a kind without one is for staff.
    """

    permission: str
    columns: tuple[str, ...]
    estimate: Callable[..., int]
    read: Callable[..., Piece]


COLUMNS = (
    "id", "created_at", "mode", "status", "to", "from", "from_used", "country", "category", "encoding", "segments",
    "price", "currency", "price_state", "price_returned", "error", "reference", "batch_id", "send_at", "final_at",
)  # fmt: skip


def _estimate(*, workspace: UUID, chosen: Selection, before: UUID, at: dt.datetime) -> int:
    return _indexed(workspace, chosen, before, at).count()


def _read(*, workspace: UUID, chosen: Selection, before: UUID, at: dt.datetime, shown: "Shown | None" = None) -> Piece:
    rows = _indexed(workspace, chosen, before, at)
    seen = windows.opened(rows, chosen.fields, workspace=workspace, read_max=READ_MAX)
    messages = list(seen.rows.with_state().order_by("-id"))
    named = {sender.id: sender.address for sender in Sender.objects.filter(workspace_id=workspace)}
    return Piece(rows=(shown or _rows)(messages, named, at), cursor=seen.edge)


def _indexed(workspace: UUID, chosen: Selection, before: UUID, at: dt.datetime) -> MessageQuerySet:
    rows = windows.indexed(chosen.fields, workspace=workspace, livemode=chosen.livemode, at=at)
    return rows.filter(id__lt=before)


Shown = Callable[[list[Message], Mapping[UUID, str], dt.datetime], list[Row]]


def _rows(messages: list[Message], named: Mapping[UUID, str], at: dt.datetime) -> list[Row]:
    return [_row(message, named, at) for message in messages]


def _masked(messages: list[Message], named: Mapping[UUID, str], at: dt.datetime) -> list[Row]:
    """Without opening anything of the recipient: the country stands for the number."""
    return [_facts(message, named) | {"to": f"{country_code_for_region(message.country)} ••••"} for message in messages]


def _with_texts(messages: list[Message], named: Mapping[UUID, str], at: dt.datetime) -> list[Row]:
    """With the texts that may still be read."""
    texts = presenting.texts(messages, at=at)
    return [_row(message, named, at) | {"text": texts.get(message.id)} for message in messages]


def _row(message: Message, named: Mapping[UUID, str], at: dt.datetime) -> Row:
    return _facts(message, named) | {
        "to": presenting.number_of(message, at=at),
        "reference": presenting.field(message, "reference", message.reference_ct),
    }


def _facts(message: Message, named: Mapping[UUID, str]) -> Row:
    """What happened to a message, and not to whom."""
    price = presenting.price_of(message)
    return {
        "id": ids.encode(ids.MESSAGE, message.id),
        "created_at": _time(message.created_at),
        "mode": "live" if message.livemode else "test",
        "status": message.state,  # type: ignore[attr-defined]  # annotated by with_state()
        "from": named.get(message.sender_id),
        "from_used": named.get(message.from_used_id or message.sender_id),
        "country": message.country,
        "category": message.category,
        "encoding": message.encoding,
        "segments": message.parts,
        "price": price["amount"],
        "currency": price["currency"],
        "price_state": price["state"],
        "price_returned": price["returned"],
        "error": message.error,
        "batch_id": ids.encode(ids.BATCH, message.batch_id) if message.batch_id else None,
        "send_at": _time(message.send_at),
        "final_at": _time(message.final_at),
    }


def _time(moment: dt.datetime | None) -> str | None:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z") if moment else None


KINDS: dict[str, Kind] = {
    Export.Kind.MESSAGES: Kind(
        permission=Scope.MESSAGES_READ, columns=COLUMNS, estimate=_estimate, read=_read
    ),
    Export.Kind.MASKED: Kind(
        permission="", columns=tuple(name for name in COLUMNS if name != "reference"), estimate=_estimate,
        read=partial(_read, shown=_masked),
    ),
    Export.Kind.CONTENT: Kind(
        permission="", columns=(*COLUMNS, "text"), estimate=_estimate, read=partial(_read, shown=_with_texts)
    ),
}  # fmt: skip
