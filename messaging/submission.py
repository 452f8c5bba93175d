"""Submission: claim due messages of a carrier, turn them into submit PDUs, and decide what each answer means.

A Celery task per carrier drains the queue for a few seconds and goes on while there is work; wake-ups come from
acceptance (coalesced) and from the sweep, which finds what a lost wake-up missed. Rules are pure functions of the
answer and the clock; ``decide`` is the whole policy.
"""

import datetime as dt
import logging
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

from django.conf import settings

from messaging import hearing, receipts, routing
from messaging.carriers.hub import Hub, Link
from messaging.carriers.smpp import submits
from messaging.carriers.smpp.errors import Outcome
from messaging.carriers.smpp.session import Delivery
from messaging.carriers.smpp.window import SubmitRequest, SubmitResult
from messaging.drafting import fill, make_code, unsealed
from privacy import ciphers, keyring, tombstones
from smsplatform.lib import arrays, clock, database
from smsplatform.lib.segments import SegmentError
from smsplatform.lib.tasks import Ladder, Wakeups, task

logger = logging.getLogger(__name__)

BOX_SECONDS = 5.0
LINGER_SECONDS = 1.0
PACE_SECONDS = 0.02  # between claims: a claim of few costs as much as one of many
BUSY_PACE_SECONDS, FEW = 0.05, 10  # under load the queue before us costs more time than this, and CPU is what is short
LEASE = dt.timedelta(seconds=30)
CLAIM_MAX = 500
ROOM_MIN = 50  # tiny claims cost as much as large ones: under load wait for this many free slots
DOWN_SECONDS = 3.0  # a carrier without a session this long loses its queue to the next carrier

LADDER = Ladder(delays=(2.0, 5.0, 15.0, 60.0, 300.0, 900.0, 1800.0), jitter=0.2)
FALLBACK_AFTER = 2  # temporary failures with one carrier before the next one is tried
THROTTLED_AGAIN = dt.timedelta(seconds=1)
MARKETING_LANE = 2


class Claimed(NamedTuple):
    """A row of ``pipeline.claim``."""

    message_id: UUID
    workspace_id: UUID
    attempt: int
    failures: int
    hop: int
    lane: int
    livemode: bool
    sender_id: UUID
    sender_ct: bytes
    template_id: UUID | None
    template_ct: bytes | None
    code_digits: int | None
    to_ct: bytes | None
    encoding: str
    parts: int
    expires_at: dt.datetime
    body_expires_at: dt.datetime
    text_ct: bytes | None
    sent: list[int] | None
    suppressed: bool


@dataclass(slots=True)
class Flight:
    """A message in the carrier's hands: which parts are out and what came back for them."""

    row: Claimed
    carriers: tuple[UUID, ...]
    waiting: int
    answers: list["PartAnswer"] = field(default_factory=list)


class PartAnswer(NamedTuple):
    """What one part got."""

    part: int
    result: SubmitResult


class Token(NamedTuple):
    """What a submit carries through the session and back."""

    flight: Flight
    part: int


class Decision(NamedTuple):
    """What happens to a message next; see ``pipeline.record_results``."""

    message_id: UUID
    action: str
    code: str | None
    due_at: dt.datetime | None
    carrier: UUID | None
    hop: int
    failures: int


class Refused(Exception):
    """This message cannot be submitted; the code says why."""

    def __init__(self, code: str, *, action: str = "failed") -> None:
        super().__init__(code)
        self.code, self.action = code, action


def decide(flight: Flight, *, carrier: UUID, at: dt.datetime, chance: float) -> Decision:
    """What the answers to a message's parts mean for it (reliability: at least once, never lost, always an end)."""
    row, results = flight.row, [answer.result for answer in flight.answers]
    worst = min(results, key=lambda result: _SEVERITY.index(result.outcome))

    def again(after: dt.timedelta, hop: int, failures: int) -> Decision:
        target = flight.carriers[hop] if hop < len(flight.carriers) else carrier
        return Decision(row.message_id, "retry", worst.code, at + after, target, hop, failures)

    match worst.outcome:
        case Outcome.ACCEPTED:
            return Decision(row.message_id, "submitted", None, None, None, row.hop, row.failures)
        case Outcome.FINAL:
            untouched = not row.sent and all(result.outcome is not Outcome.ACCEPTED for result in results)
            if worst.fallback and untouched and row.hop + 1 < len(flight.carriers):
                return again(dt.timedelta(0), row.hop + 1, row.failures)
            return Decision(row.message_id, "failed", worst.code, None, None, row.hop, row.failures)
        case Outcome.UNKNOWN if row.failures == 0:  # each further one is a failure: it may be a copy on the phone
            return again(unknown_again(row.lane), row.hop, 1)
        case Outcome.THROTTLED:
            return again(THROTTLED_AGAIN * (0.5 + chance), row.hop, row.failures)
        case Outcome.UNSENT:
            return again(dt.timedelta(milliseconds=200), row.hop, row.failures)
    delay = LADDER.delay(row.failures, chance)
    if delay is None:
        return Decision(row.message_id, "failed", "retries_exhausted", None, None, row.hop, row.failures)
    failures = row.failures + 1
    move = failures % FALLBACK_AFTER == 0 and len(flight.carriers) > 1
    least = unknown_again(row.lane) if worst.outcome is Outcome.UNKNOWN else dt.timedelta(0)
    after = max(least, dt.timedelta(seconds=delay))
    return again(after, (row.hop + 1) % len(flight.carriers) if move else row.hop, failures)


_SEVERITY = [
    Outcome.FINAL,
    Outcome.UNKNOWN,
    Outcome.TEMPORARY,
    Outcome.THROTTLED,
    Outcome.UNSENT,
    Outcome.ACCEPTED,
]

# What the worker holds in memory only while a message is in its hands.


def prepare(row: Claimed, link: Link, *, at: dt.datetime) -> tuple[Flight, list[SubmitRequest]]:
    """Decrypt and encode one claimed message. Raises ``Refused``."""
    if row.suppressed:
        raise Refused("suppressed_recipient", action="rejected")
    if row.to_ct is None:
        raise Refused("redacted")
    try:
        number = unsealed("to", row.to_ct, row.workspace_id, row.message_id)
        text = _text(row)
        of_sender = ciphers.aad("messaging.Sender.address", row.workspace_id, row.sender_id)
        sender = ciphers.unseal_repeated(row.sender_ct, of_sender)
    except (keyring.KeyDestroyed, ciphers.CipherError):
        raise Refused("body_gone") from None
    carriers = routing.book(livemode=row.livemode, using="system").carriers(number) or (link.account.id,)
    bodies = _bodies(row, link, number=number, text=text, sender=sender, at=at)
    sent = set(row.sent or ())
    flight = Flight(row, carriers, waiting=0)
    requests = [SubmitRequest(Token(flight, part), body) for part, body in enumerate(bodies, 1) if part not in sent]
    flight.waiting = len(requests)
    return flight, requests


def _text(row: Claimed) -> str:
    if row.text_ct is not None:
        return unsealed("text", row.text_ct, row.workspace_id, row.message_id)
    if row.template_ct is None or row.template_id is None or not row.code_digits:
        raise Refused("body_gone")
    of_template = ciphers.aad("messaging.Template.text", row.workspace_id, row.template_id)
    template = ciphers.unseal_repeated(row.template_ct, of_template)
    key = keyring.body_key(row.workspace_id, row.body_expires_at.date())
    return fill(template, {"code": make_code(key, row.message_id, row.code_digits)})


def _bodies(row: Claimed, link: Link, *, number: str, text: str, sender: str, at: dt.datetime) -> list[bytes]:
    try:
        return submits.bodies(
            link.submits,
            source=sender,
            destination=number,
            text=text,
            encoding="ucs2" if row.encoding == "ucs2" else "gsm7",
            reference=link.references.next(number) if row.parts > 1 else 0,
            validity=submits.validity_period(link.submits, at=at, expires_at=row.expires_at),
        )
    except (submits.InvalidSender, submits.InvalidDestination, SegmentError) as error:
        raise Refused(error.code) from None


# Writing down

_RESULTS: LiteralString = "pipeline.record_results(" + "%s, " * 18 + "%s)"
_RECORD: LiteralString = "SELECT " + _RESULTS
# Answers first, and one wait for the disk.
_RECORD_BOTH: LiteralString = "SELECT " + receipts.CALL + " FROM " + _RESULTS  # noqa: S608  # two constants


def record(link: Link, results: Sequence[SubmitResult], deliveries: Sequence[Delivery]) -> None:
    """Commit what a carrier said, answers before receipts. Called on the link's writer thread; insists until done.

    Raises ``DatabaseUnavailable``: then nothing is acknowledged, and the carrier tells its receipts again.
    """
    at = clock.now()
    answers = _results(link, results, at) if results else None
    final = receipts.final(deliveries)
    told = receipts.arguments(carrier=link.account.id, final=final, at=at) if final else None
    if told and answers:
        receipts.recorded(_insist(_RECORD_BOTH, told + answers))
    elif told:
        receipts.recorded(_insist("SELECT " + receipts.CALL, told))
    elif answers:
        _insist(_RECORD, answers)
    if texts := [each for each in deliveries if each.receipt is None]:
        hearing.hear(texts, carrier=link.account.id, at=at)


def _insist(sql: LiteralString, arguments: list[Any]) -> Any:
    """Repeat until the database takes it; when the worker is told to stop first, fail so that nothing is freed."""

    def once() -> Any:
        with database.session("system") as session:
            return session.value(sql, arguments)

    value = database.insist(once, hub().stopping)
    if value is None:
        raise database.DatabaseUnavailable("stopping")
    return value


def _results(link: Link, results: Sequence[SubmitResult], at: dt.datetime) -> list[Any]:
    answered: list[tuple[Flight, PartAnswer]] = []
    decided: list[Decision] = []
    for result in results:
        token = result.token
        assert isinstance(token, Token)
        flight, answer = token.flight, PartAnswer(token.part, result)
        answered.append((flight, answer))
        _replace(flight, answer)
        if result.late or len(flight.answers) >= flight.waiting:
            decided.append(decide(flight, carrier=link.account.id, at=at, chance=random.random()))  # noqa: S311  # jitter
    return _arguments(link, answered, decided, at)


def _replace(flight: Flight, answer: PartAnswer) -> None:
    """Keep one answer per part: a late one takes the place of the time-out before it."""
    flight.answers = [a for a in flight.answers if a.part != answer.part] if answer.result.late else flight.answers
    flight.answers.append(answer)


def _decided(link: Link, decided: Sequence[Decision], at: dt.datetime) -> None:
    """Write down what was decided without asking the carrier."""
    _insist(_RECORD, _arguments(link, [], decided, at))


def _arguments(
    link: Link, answered: Sequence[tuple[Flight, PartAnswer]], decided: Sequence[Decision], at: dt.datetime
) -> list[Any]:
    """Attempts and decisions, for one statement."""
    told = [(flight.row, answer) for flight, answer in answered if answer.result.outcome is not Outcome.UNSENT]
    return [
        link.account.id,
        link.session_name,
        at,
        arrays.uuids([row.message_id for row, _ in told]),
        arrays.uuids([row.workspace_id for row, _ in told]),
        arrays.int2s([answer.part for _, answer in told]),
        arrays.int2s([row.attempt for row, _ in told]),
        arrays.int8s([answer.result.sequence for _, answer in told]),
        arrays.texts([str(answer.result.outcome) for _, answer in told]),
        arrays.texts([_code(answer.result) for _, answer in told]),
        arrays.texts([answer.result.ref or None for _, answer in told]),
        arrays.times([at] * len(told)),
        arrays.uuids([d.message_id for d in decided]),
        arrays.texts([d.action for d in decided]),
        arrays.texts([d.code for d in decided]),
        arrays.times([d.due_at for d in decided]),
        arrays.uuids([d.carrier for d in decided]),
        arrays.int2s([d.hop for d in decided]),
        arrays.int2s([d.failures for d in decided]),
    ]


def _code(result: SubmitResult) -> str | None:
    return None if result.outcome is Outcome.ACCEPTED else result.code


# Draining

_CLAIM: LiteralString = "SELECT * FROM pipeline.claim(%s, %s, %s, %s, %s)"


def drain(carrier_id: UUID) -> bool:
    """Submit what is due for a carrier for at most ``BOX_SECONDS``; whether there is more to do.

    Claims wait for the disk: one that a crash undid would let a text go out again without a word of it anywhere.
    """
    link = hub().link(carrier_id)
    if link is None or tombstones.refuses() or not link.draining.acquire(blocking=False):
        return False
    try:
        with database.session("system") as session:
            return _drain(link, session)
    except database.DatabaseUnavailable:
        return False
    finally:
        link.draining.release()


def _drain(link: Link, session: database.Session) -> bool:
    ends = time.monotonic() + BOX_SECONDS
    idle_since = time.monotonic()
    while (now := time.monotonic()) < ends and not hub().stopping.is_set():
        if not link.bound:
            if now - link.down_since > DOWN_SECONDS:
                _move_to_fallback(link, session)
            time.sleep(0.05)
            continue
        room = link.room()
        if room < max(1, min(ROOM_MIN, link.room_max() // 2)):
            link.wait_for_room(0.05)
            continue
        limit = min(room, CLAIM_MAX)
        claimed = _submit_some(link, session, limit)
        if claimed:
            idle_since = time.monotonic()
        elif time.monotonic() - idle_since > LINGER_SECONDS:
            return False
        if claimed < limit:
            pace = PACE_SECONDS if claimed < FEW else BUSY_PACE_SECONDS
            time.sleep(max(0.0, pace - (time.monotonic() - now)))
    return not hub().stopping.is_set()


def unknown_again(lane: int) -> dt.timedelta:
    """How long a message waits that a carrier may have taken or not: marketing for a receipt, others not at all."""
    return dt.timedelta(seconds=settings.MARKETING_UNKNOWN_SECONDS if lane == MARKETING_LANE else 0)


def worth_claiming(room: int, window: int) -> bool:
    """Whether enough slots are free for a claim to be worth its cost; a small window is never asked for more."""
    return room >= max(1, min(ROOM_MIN, window // 2))


def _claim(link: Link, session: database.Session, limit: int, at: dt.datetime) -> list[Claimed]:
    rows = session.rows(_CLAIM, [link.account.id, hub().holder, limit, at, at + LEASE])
    return [Claimed(*row) for row in rows]


def _submit_some(link: Link, session: database.Session, limit: int) -> int:
    """Claim up to ``limit`` messages and hand them to the session; how many there were."""
    at = clock.now()
    rows = _claim(link, session, limit, at)
    outgoing: list[SubmitRequest] = []
    refused: list[Decision] = []
    for row in rows:
        try:
            _, requests = prepare(row, link, at=at)
        except Refused as error:
            refused.append(Decision(row.message_id, error.action, error.code, None, None, row.hop, row.failures))
        except Exception as error:  # noqa: BLE001  # one poisonous message must not stop the carrier's queue
            logger.error("prepare_failed", extra={"error": type(error).__name__, "attempt": row.attempt})
            refused.append(_poisoned(row, link, at))
        else:
            outgoing += requests
    if outgoing:
        link.submit(outgoing)
    if refused:
        _decided(link, refused, at)
    return len(rows)


def _poisoned(row: Claimed, link: Link, at: dt.datetime) -> Decision:
    """Something is wrong with us, not with the message: later, and not for ever."""
    delay = LADDER.delay(row.failures, 0.5)
    if delay is None:
        return Decision(row.message_id, "failed", "internal_error", None, None, row.hop, row.failures)
    due = at + dt.timedelta(seconds=delay)
    return Decision(row.message_id, "retry", "internal_error", due, link.account.id, row.hop, row.failures + 1)


def _move_to_fallback(link: Link, session: database.Session) -> None:
    """Hand the queue of a carrier without a session to the next carrier that has one."""
    at = clock.now()
    up = {row[0] for row in session.rows("SELECT * FROM pipeline.bound_carriers(%s)", [at])} - {link.account.id}
    if not up:
        time.sleep(0.2)
        return
    rows = _claim(link, session, CLAIM_MAX, at)
    moved = [_moved(row, link, up, at) for row in rows]
    if moved:
        _decided(link, moved, at)


def _moved(row: Claimed, link: Link, up: set[UUID], at: dt.datetime) -> Decision:
    carriers: tuple[UUID, ...] = ()
    if row.to_ct is not None:
        number = unsealed("to", row.to_ct, row.workspace_id, row.message_id)
        carriers = routing.book(livemode=row.livemode, using="system").carriers(number)
    for hop, carrier in enumerate(carriers):
        if carrier in up:
            return Decision(row.message_id, "retry", "carrier_down", at, carrier, hop, row.failures)
    due = at + dt.timedelta(seconds=2)
    return Decision(row.message_id, "retry", "carrier_down", due, link.account.id, row.hop, row.failures)


# Processes and tasks

_hub: Hub | None = None


def hub() -> Hub:
    """The sessions of this process; made on first use, started by the worker (``smsplatform/worker.py``)."""
    global _hub  # noqa: PLW0603  # one hub per process by nature: it holds sockets and threads
    if _hub is None:
        _hub = Hub(record)
    return _hub


@task(name="messaging.submission.drain", queue="submission")
def drain_carrier(*, carrier: str) -> None:
    """Wake-up: a carrier has work. Calls itself again while there is more."""
    if drain(UUID(carrier)):
        wake(UUID(carrier))  # not publish: without a broker that raises, and the sweep goes on anyway


@task(name="messaging.submission.sweep", queue="submission")
def sweep() -> None:
    """Find due work that no wake-up told of, and take back what a dead worker held."""
    at = clock.now()
    try:
        with database.session("system") as session:
            session.value("SELECT pipeline.reclaim(%s, %s, %s)", [at, unknown_again(MARKETING_LANE), 5000])
            due = session.rows("SELECT * FROM pipeline.due_carriers(%s)", [at])
        for (carrier,) in due:
            wake(carrier)
    except database.DatabaseUnavailable:
        logger.warning("database_unavailable")


def publish(carrier: str) -> None:
    """Publish the wake-up of a carrier now."""
    drain_carrier.apply_async(kwargs={"carrier": carrier})


# Seldom, because a drain that has begun lingers longer than the interval: what comes meanwhile needs no wake-up.
_wakeups = Wakeups(publish, per_second=2)


def wake(carrier: UUID) -> None:
    """A carrier has work. Coalesced; never blocks; a lost one is found by the sweep."""
    _wakeups.wake(_text_of(carrier))


_text_of = lru_cache(maxsize=1024)(str)
