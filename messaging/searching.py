"""Which messages a filter means. Numbers and references are found by their blind index, never by reading."""

import datetime as dt
from typing import Protocol
from uuid import UUID

from django.db.models import OuterRef, Subquery

from messaging.drafting import number_index, reference_index
from messaging.models import Message, Outbox, Sender
from messaging.models.message import MessageQuerySet, Status
from messaging.provisioning import sender_index
from privacy import ciphers, keyring
from smsplatform.lib import ids, phone
from smsplatform.lib.api.problems import FieldError, Problem

_ON_ITS_WAY = {
    Status.QUEUED: Outbox.State.QUEUED,
    Status.SUBMITTING: Outbox.State.LEASED,
    Status.SUBMITTED: Outbox.State.SUBMITTED,
}


class Filter(Protocol):
    """What may be asked for; None asks nothing."""

    @property
    def status(self) -> str | None: ...
    @property
    def reference(self) -> str | None: ...
    @property
    def category(self) -> str | None: ...
    @property
    def country(self) -> str | None: ...
    @property
    def sender(self) -> str | None: ...
    @property
    def batch(self) -> str | None: ...


def matching(
    chosen: Filter, *, workspace: UUID, livemode: bool, at: dt.datetime, to: str | None = None, where: str = "#/"
) -> MessageQuerySet:
    """The messages of ``workspace`` and mode that ``chosen`` means, all or those to one number. Raises ``Problem``.

    ``where`` begins the pointers of faults: ``#/`` for filters in a body, ``?`` for those in a query.
    """
    rows = indexed(workspace=workspace, livemode=livemode, at=at, to=to, reference=chosen.reference)
    return narrowed(rows, chosen, workspace=workspace, where=where)


def indexed(
    *, workspace: UUID, livemode: bool, at: dt.datetime, to: str | None = None, reference: str | None = None
) -> MessageQuerySet:
    """Messages by what indexes hold: every row read is a row wanted. Raises ``Problem``."""
    rows = Message.objects.readable(at=at).filter(workspace_id=workspace, livemode=livemode)
    if to is None and reference is None:
        return rows
    index = keyring.key(workspace, keyring.Purpose.INDEX)
    if to is not None:
        rows = rows.filter(to_idx=number_index(index, _number(to, sandbox=not livemode)))
    return rows if reference is None else rows.filter(reference_idx=reference_index(index, reference))


def narrowed(rows: MessageQuerySet, chosen: Filter, *, workspace: UUID, where: str = "#/") -> MessageQuerySet:
    """Those of ``rows`` with the properties that no index holds: bound the ids first. Raises ``Problem``.

    An index on the status would have to be written with every change of it, which now touches none (tables.sql).
    """
    rows = _in_state(rows, chosen.status)
    if chosen.sender is not None:
        index = keyring.key(workspace, keyring.Purpose.INDEX)
        rows = rows.filter(sender_id=_sender(chosen.sender, index, where))
    if chosen.batch is not None:
        rows = rows.filter(batch_id=_id(ids.BATCH, chosen.batch, f"{where}batch"))
    plain = {"category": chosen.category, "country": chosen.country}
    return rows.filter(**{name: value for name, value in plain.items() if value is not None})


def _in_state(rows: MessageQuerySet, status: str | None) -> MessageQuerySet:
    """While a message is on its way, its row says queued and the outbox says how far it is."""
    if status is None:
        return rows
    state = _ON_ITS_WAY.get(Status(status))
    if state is None:
        return rows.filter(status=status)
    # A scalar sub-select: one look-up by key for each row, whatever the planner believes about the queue's size.
    stage = Outbox.objects.filter(message_id=OuterRef("id")).values("state")[:1]
    return rows.filter(status=Status.QUEUED).alias(stage=Subquery(stage)).filter(stage=state)


def _number(text: str, *, sandbox: bool) -> str:
    try:
        return phone.parse(text, sandbox=sandbox).e164
    except phone.InvalidNumber as error:
        raise Problem.of([FieldError(pointer="#/to", code=error.code)]) from None


def _sender(text: str, index: ciphers.DataKey, where: str) -> UUID:
    """The id of a sender given by id or address; the zero id, which nobody has, for an unknown one."""
    if text.startswith(f"{ids.SENDER}_"):
        return _id(ids.SENDER, text, f"{where}sender")
    found = Sender.objects.filter(address_idx=sender_index(index, text))
    return found.values_list("id", flat=True).first() or UUID(int=0)


def _id(prefix: str, text: str, pointer: str) -> UUID:
    try:
        return ids.decode(prefix, text)
    except ids.InvalidId:
        raise Problem.of([FieldError(pointer=pointer, code="invalid_id")]) from None
