"""Moving requests on: each step a conditional change of state, a line in the request's history, and an audit event.

Whoever calls has no workspace open, or the one in whose name they act; the evidence is written there, else in the
platform's own.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from privacy import audit
from privacy.keyring import PLATFORM
from privacy.models import DataRequest, DataRequestStep, IdentityProof
from privacy.models.data_request import Kind, State
from privacy.requests import deadlines, states
from privacy.requests.proofs import Identity
from smsplatform.lib import ids
from smsplatform.lib.tenancy import scope

By = Literal["person", "staff", "workspace", "platform"]
SOURCE = {"person": "user", "staff": "staff", "workspace": "user", "platform": "system"}
WORDS_MAX = 4000
# Recorded and answered at once: nothing is sold or shared, and no sensitive data used for more than sending.
AT_ONCE = frozenset({Kind.OPT_OUT_OF_SALE, Kind.LIMIT_SENSITIVE})
UNPROVED_KINDS = frozenset({Kind.COMPLAINT, Kind.CHILD_ACCOUNT, Kind.INQUIRY})  # anybody may raise these


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """What a request is about beyond its kind: a field and its right value, an activity, a visitor's record."""

    field: str = ""
    value: str = ""
    activity: str = ""
    consent: UUID | None = None


class NotAllowed(ValueError):
    """The request is in no state in which this can be done; perhaps somebody was faster."""


class TooLate(ValueError):
    """Only before the first deadline may the person be told that it takes longer."""


class NoReason(ValueError):
    """A person is owed the reason."""


def receive(
    *,
    kind: str,
    about: str,
    identity: Identity | None = None,
    user: UUID | None = None,
    residence: str = "",
    words: str = "",
    locale: str = "",
    wish: Wish | None = None,
    at: dt.datetime,
) -> DataRequest:
    """A new request, in state ``received``; its clock runs from now, proved or not."""
    wish = wish or Wish()
    request = DataRequest(
        id=ids.uuid7(),
        kind=kind,
        about=about,
        identity=identity.value if identity else None,
        identity_idx=identity.index if identity else None,
        user_id=user,
        residence=residence,
        law=deadlines.law(residence).code,
        words=words[:WORDS_MAX] or None,
        field=wish.field,
        value=wish.value or None,
        activity=wish.activity,
        consent_id=wish.consent,
        locale=locale,
        received_at=at,
        due_at=deadlines.due(kind=kind, residence=residence, received=at),
    )
    with recorded() as workspace:
        request.save(force_insert=True)
        _note(request, "person", user, "", at)
        _record(request, "received", "person", user, workspace, at)
    return request


def move(
    request: DataRequest,
    to: str,
    *,
    by: By,
    actor: UUID | None = None,
    note: str = "",
    answer: str = "",
    at: dt.datetime,
) -> None:
    """Take a request to its next state. Raises ``NotAllowed``."""
    changes = {"state": to, **_stamps(to, note, at)}
    with recorded() as workspace:
        if not DataRequest.objects.filter(pk=request.pk, state__in=states.before(to)).update(**changes):
            raise NotAllowed(to)
        for name, value in changes.items():
            setattr(request, name, value)
        if answer:
            request.answer = answer[:WORDS_MAX]
            request.save(update_fields=["answer"])
        _note(request, by, actor, note, at)
        _record(request, to, by, actor, workspace, at)


def _stamps(to: str, note: str, at: dt.datetime) -> dict[str, object]:
    stamps: dict[str, object] = {}
    if to == State.VERIFIED:
        stamps["verified_at"] = at
    if to in states.FINAL:
        stamps |= {"closed_at": at, "reason": note}
    return stamps


def await_proof(request: DataRequest, *, at: dt.datetime) -> None:
    """Nothing happens until the person has shown who they are."""
    move(request, State.VERIFYING, by="person", at=at)


def prove(request: DataRequest, *, how: str, at: dt.datetime) -> None:
    """The person has shown who they are; what can be answered at once is. Raises ``NotAllowed``."""
    with recorded():
        move(request, State.VERIFIED, by="person", actor=request.user_id, note=how, at=at)
        request.proof = how
        request.save(update_fields=["proof"])
        if request.kind in AT_ONCE:
            move(request, State.DELIVERED, by="platform", note="recorded", at=at)


def prove_all(proof: IdentityProof, *, at: dt.datetime) -> list[DataRequest]:
    """Every request that waited for this identity to be shown."""
    waiting = list(DataRequest.objects.filter(identity_idx=bytes(proof.identity_idx), state=State.VERIFYING))
    for request in waiting:
        prove(request, how=proof.kind, at=at)
    return waiting


def extend(request: DataRequest, *, reason: str, actor: UUID, at: dt.datetime) -> None:
    """Take longer, once, and tell the person why. Raises ``NoReason``, ``TooLate``, ``NotAllowed``."""
    if not reason.strip():
        raise NoReason
    later = deadlines.longest(law_code=request.law, due_at=request.due_at)
    if at >= request.due_at or later == request.due_at:
        raise TooLate
    still = DataRequest.objects.filter(pk=request.pk, extended_at=None, closed_at=None, due_at__gt=at)
    with recorded() as workspace:
        if not still.update(extended_at=at, due_at=later, reminded=0):
            raise NotAllowed("extend")
        request.extended_at, request.due_at, request.answer = at, later, reason[:WORDS_MAX]
        request.save(update_fields=["answer"])
        _note(request, "staff", actor, "extended", at)
        _record(request, "extended", "staff", actor, workspace, at)


def refuse(request: DataRequest, *, code: str, reason: str, actor: UUID, at: dt.datetime) -> None:
    """Say no, with the law that allows it. Raises ``NoReason``, ``NotAllowed``."""
    if not code or not reason.strip():
        raise NoReason
    move(request, State.REFUSED, by="staff", actor=actor, note=code, answer=reason, at=at)


def remark(request: DataRequest, *, note: str, by: By = "platform", at: dt.datetime) -> None:
    """A line in the history that moves nothing."""
    with recorded() as workspace:
        _note(request, by, request.user_id if by == "person" else None, note, at)
        _record(request, note, by, request.user_id, workspace, at)


def withdraw(request: DataRequest, *, at: dt.datetime) -> None:
    """The person thought better of it. Raises ``NotAllowed``."""
    move(request, State.WITHDRAWN, by="person", actor=request.user_id, at=at)


def mine(*, proof: IdentityProof | None, user: UUID | None) -> "QuerySet[DataRequest]":
    """The requests that somebody may see: proved ones of the identity they showed, and their account's."""
    seen = Q(pk=None)
    if proof is not None:
        seen |= Q(identity_idx=bytes(proof.identity_idx), verified_at__isnull=False)
    if user is not None:
        seen |= Q(user_id=user)
    return DataRequest.objects.filter(seen).order_by("-id")


def open_requests() -> "QuerySet[DataRequest]":
    """Everything proved and not closed, what is due first on top: the staff's queue."""
    return DataRequest.objects.filter(closed_at=None).exclude(state__in=states.UNPROVED).order_by("due_at", "id")


@contextmanager
def recorded() -> Iterator[UUID]:
    """One transaction in which evidence can be written; gives the workspace it is written in."""
    present = scope.current()
    if present is None:
        with scope.workspace(PLATFORM):
            yield PLATFORM
    else:
        with transaction.atomic():
            yield present


def _note(request: DataRequest, by: By, actor: UUID | None, note: str, at: dt.datetime) -> None:
    DataRequestStep.objects.create(request=request, state=request.state, by=by, actor_id=actor, note=note, at=at)


def _record(request: DataRequest, what: str, by: By, actor: UUID | None, workspace: UUID, at: dt.datetime) -> None:
    audit.record(
        action=f"{SOURCE[by]}:data_request:{what}",
        workspace=workspace,
        actor=actor,
        at=at,
        details={"request": str(request.pk), "kind": request.kind},
    )
