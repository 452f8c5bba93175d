"""The law's clocks: until when each audience has to be told, counted from when the incident became known."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from privacy import profiles
from privacy.models import Incident, IncidentEntry

State = Literal["running", "overdue", "met", "late", "waived"]
Audience = IncidentEntry.Audience
SETTING = {
    Audience.AUTHORITY: "breach.authority",
    Audience.CONTROLLERS: "breach.controllers",
    Audience.USERS: "breach.users",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Clock:
    """One clock of one incident. ``stopped`` is the entry that stopped it."""

    audience: str
    due_at: dt.datetime
    state: State
    left: dt.timedelta  # until it is due; negative afterwards
    stopped: IncidentEntry | None = None

    @property
    def name(self) -> str:
        return str(Audience(self.audience).label)

    @property
    def is_open(self) -> bool:
        return self.stopped is None


def due(incident: Incident, audience: str) -> dt.datetime:
    """When an audience has to be told."""
    return incident.aware_at + profiles.duration(SETTING[Audience(audience)])


def of(incident: Incident, entries: Iterable[IncidentEntry], *, at: dt.datetime) -> list[Clock]:
    """The clocks of an incident, in the order of audiences."""
    stopping = [one for one in entries if one.kind in ("reported", "notified", "decided")]
    return [_clock(incident, audience, stopping, at) for audience in Audience.values]


def overdue(*, at: dt.datetime) -> list[Clock]:
    """Clocks of open incidents that ran out with nobody told and nothing decided; drills do not count."""
    rows = Incident.objects.using("system").filter(closed_at=None, drill=False).prefetch_related("entries")
    return [clock for row in rows for clock in of(row, row.entries.all(), at=at) if clock.state == "overdue"]


def _clock(incident: Incident, audience: str, stopping: list[IncidentEntry], at: dt.datetime) -> Clock:
    due_at = due(incident, audience)
    first = min((one for one in stopping if one.audience == audience), key=lambda one: one.at, default=None)
    return Clock(audience=audience, due_at=due_at, state=_state(first, due_at, at), left=due_at - at, stopped=first)


def _state(first: IncidentEntry | None, due_at: dt.datetime, at: dt.datetime) -> State:
    if first is None:
        return "overdue" if at > due_at else "running"
    if first.kind == IncidentEntry.Kind.DECIDED:
        return "waived"
    return "late" if first.at > due_at else "met"
