"""What happened to one message, in order: our own steps, each carrier's answer, receipts, events, webhooks."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from messaging import outcomes
from messaging.models import Attempt, Carrier, Delivery, Message, MessageEvent, Outbox
from messaging.models.message import FINAL
from smsplatform.lib.api.codes import CODES
from smsplatform.templatetags.ui import country, money, status_name


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One step. ``tone`` is ok, bad, warn, info or empty; ``facts`` are short words from machines.

    ``code`` is an error that the dictionary explains. ``after`` is how long after the first step it happened.
    """

    at: dt.datetime
    title: str
    icon: str
    tone: str = ""
    facts: tuple[str, ...] = ()
    code: str = ""
    after: dt.timedelta = dt.timedelta()


_OUTCOMES = {
    "accepted": ("info", "paper-airplane", gettext_noop("%(carrier)s took part %(part)d of %(parts)d")),
    "throttled": ("warn", "pause", gettext_noop("%(carrier)s asked us to slow down (part %(part)d of %(parts)d)")),
    "temporary": ("warn", "arrow-path", gettext_noop("%(carrier)s failed for now (part %(part)d of %(parts)d)")),
    "final": ("bad", "x-mark", gettext_noop("%(carrier)s refused part %(part)d of %(parts)d")),
    "unknown": (
        "warn",
        "question-mark-circle",
        gettext_noop("%(carrier)s never answered: whether it took part %(part)d of %(parts)d is unknown"),
    ),
}
# The words of carriers, which are not those of our states.
_RECEIPTS = {
    "delivered": ("ok", "check", gettext_noop("Receipt for part %(part)d: delivered")),
    "undeliverable": ("bad", "x-mark", gettext_noop("Receipt for part %(part)d: cannot be delivered")),
    "rejected": ("bad", "no-symbol", gettext_noop("Receipt for part %(part)d: refused by the network")),
    "expired": ("warn", "clock", gettext_noop("Receipt for part %(part)d: not reached in time")),
    "deleted": ("bad", "x-mark", gettext_noop("Receipt for part %(part)d: deleted by the network")),
}
_EVENTS = {
    "rerouted": ("warn", "arrow-path", gettext_noop("Sent on to another carrier")),
    "retried": ("", "arrow-path", gettext_noop("Tried again")),
    "unknown": ("warn", "question-mark-circle", gettext_noop("The carrier's answer was lost")),
    "canceled": ("", "no-symbol", gettext_noop("Canceled on request")),
    "redacted": ("", "eye-slash", gettext_noop("Text and number removed on request")),
    "receipt_conflict": ("warn", "exclamation-triangle", gettext_noop("A later receipt contradicts; nothing changed")),
    "expired": ("warn", "clock", gettext_noop("Ran out of time")),
}
_FINALS = {
    "delivered": ("ok", "check-circle"),
    "undelivered": ("bad", "x-circle"),
    "failed": ("bad", "x-circle"),
    "rejected": ("bad", "no-symbol"),
    "expired": ("warn", "clock"),
    "canceled": ("", "no-symbol"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Processor:
    """A carrier that was handed the text, and where it processes."""

    name: str
    country: str
    simulated: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Story:
    """What happened to a message, oldest first, and who had it in hand."""

    entries: list[Entry]
    processors: list[Processor]


def of(message: Message) -> Story:
    """Every step known. Five queries at most."""
    attempts = list(Attempt.objects.filter(message_id=message.id).order_by("part", "attempt"))
    chosen = attempts[0].carrier_id if attempts else _waiting_for(message)
    wanted = {attempt.carrier_id for attempt in attempts} | ({chosen} if chosen else set())
    carriers = {
        carrier.id: Processor(name=carrier.name, country=carrier.country, simulated=carrier.sandbox)
        for carrier in Carrier.objects.filter(id__in=wanted).only("id", "name", "country", "sandbox")
    }
    events = MessageEvent.objects.filter(message_id=message.id)
    deliveries = Delivery.objects.filter(workspace_id=message.workspace_id, id__gte=message.id, message_id=message.id)
    entries = [
        *_accepted(message),
        *_route(message, carriers.get(chosen) if chosen else None),
        *(entry for attempt in attempts for entry in _attempt(attempt, message, carriers)),
        *(_event(event) for event in events),
        *_final(message),
        *(_webhook(delivery) for delivery in deliveries),
    ]
    had = dict.fromkeys(attempt.carrier_id for attempt in attempts)
    ordered = sorted(entries, key=lambda entry: entry.at)
    return Story(
        entries=[replace(entry, after=entry.at - ordered[0].at) for entry in ordered],
        processors=[carriers[carrier] for carrier in had if carrier in carriers],
    )


def _waiting_for(message: Message) -> UUID | None:
    """The carrier a message queues for; None when it is not on its way."""
    return Outbox.objects.filter(message_id=message.id).values_list("carrier_id", flat=True).first()


def _route(message: Message, carrier: Processor | None) -> Iterator[Entry]:
    if carrier is not None:
        facts = (country(carrier.country),) if carrier.country else ()
        yield Entry(
            at=message.created_at,
            title=_("Route chosen: %(carrier)s") % {"carrier": carrier.name},
            icon="map",
            facts=facts,
        )


def _accepted(message: Message) -> Iterator[Entry]:
    how = _("by API key") if message.api_key_id else _("from the dashboard")
    yield Entry(at=message.created_at, title=_("Accepted, charged and stored"), icon="inbox", tone="info", facts=(how,))
    if message.send_at:
        yield Entry(at=message.send_at, title=_("Due to be sent"), icon="clock")


def _attempt(attempt: Attempt, message: Message, carriers: Mapping[UUID, Processor]) -> Iterator[Entry]:
    tone, icon, text = _OUTCOMES.get(attempt.outcome, ("", "paper-airplane", "%(carrier)s: %(part)d/%(parts)d"))
    carrier = carriers.get(attempt.carrier_id)
    names = {
        "carrier": carrier.name if carrier else _("A carrier"),
        "part": attempt.part,
        "parts": message.parts,
    }
    facts = [_("attempt %(number)d") % {"number": attempt.attempt}] if attempt.attempt > 1 else []
    facts += [attempt.code] if attempt.code else []
    facts += [_("bind %(session)s, sequence %(number)d") % {"session": attempt.session, "number": attempt.sequence}]
    facts += [_("carrier's id %(id)s") % {"id": attempt.ref}] if attempt.ref else []
    yield Entry(at=attempt.submitted_at, title=_(text) % names, icon=icon, tone=tone, facts=tuple(facts))
    if attempt.receipt and attempt.receipt_at:
        tone, icon, text = _RECEIPTS.get(
            attempt.receipt, ("", "signal", gettext_noop("Receipt for part %(part)d: %(state)s"))
        )
        title = _(text) % {"part": attempt.part, "state": attempt.receipt}
        code = (_("network's code %(code)s") % {"code": attempt.receipt_code},) if attempt.receipt_code else ()
        yield Entry(at=attempt.receipt_at, title=title, icon=icon, tone=tone, facts=code)


def _event(event: MessageEvent) -> Entry:
    tone, icon, text = _EVENTS.get(event.kind, ("", "information-circle", event.kind))
    code = event.code if event.code in CODES else ""
    facts = (event.code,) if event.code else ()
    return Entry(at=event.at, title=_(text), icon=icon, tone=tone, facts=facts, code=code or "")


def _final(message: Message) -> Iterator[Entry]:
    if message.status not in FINAL or message.final_at is None:
        return
    tone, icon = _FINALS[message.status]
    facts = (reason(message.error),) if message.error else ()
    yield Entry(
        at=message.final_at, title=status_name(message.status), icon=icon, tone=tone, facts=facts,
        code=message.error if message.error in CODES else "",
    )  # fmt: skip
    if message.given_back:
        amount = money(message.given_back, message.currency)
        title = _("Price returned") if message.refunded else _("Price of the parts that are not owed returned")
        yield Entry(at=message.final_at, title=title, icon="arrow-uturn-left", tone="info", facts=(amount,))


def reason(code: str) -> str:
    """An error code in words, where there are some."""
    if told := outcomes.meaning(code):
        return f"{told.title} ({code})"
    info = CODES.get(code)
    return f"{_(info.title)} ({code})" if info else code


def _webhook(delivery: Delivery) -> Entry:
    tone = {"delivered": "ok", "exhausted": "bad", "dropped": "warn"}.get(delivery.state, "")
    facts = [delivery.get_state_display()]
    facts += [f"HTTP {delivery.last_status}"] if delivery.last_status else []
    facts += [delivery.last_error] if delivery.last_error else []
    facts += [_("%(count)d attempts") % {"count": delivery.attempts}] if delivery.attempts > 1 else []
    at = delivery.finished_at or delivery.occurred_at
    return Entry(
        at=at, title=_("Webhook %(type)s") % {"type": delivery.type}, icon="bolt", tone=tone, facts=tuple(facts)
    )
