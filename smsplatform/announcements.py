"""Notices of the operator to customers: on the dashboard and on the status page. About the platform, in
the operator's own words, from a moment on and until another.
"""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from django.core.cache import cache
from django.db import DatabaseError, transaction
from django.db.models import Q, QuerySet

from privacy import audit
from privacy.upkeep import first
from smsplatform.models import Announcement

CACHED_SECONDS = 15
LISTED = 50
KEPT = dt.timedelta(days=365)
SYSTEM = "system"
_CACHE = "announcements"


class NotEnding(ValueError):
    """It is over already."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """A notice before it is written."""

    tone: str
    title: str
    text: str
    title_de: str
    text_de: str
    starts_at: dt.datetime
    ends_at: dt.datetime | None


def current(*, at: dt.datetime) -> list[Announcement]:
    """Those that are shown at ``at``, the newest first. From a cache of a few seconds; none when nobody can tell."""
    cached: list[Announcement] | None = cache.get(_CACHE)
    if cached is None:
        try:
            cached = list(_unfinished(at))
        except DatabaseError:
            return []
        cache.set(_CACHE, cached, CACHED_SECONDS)
    return [each for each in cached if each.is_shown(at)]


def listed() -> list[Announcement]:
    """The newest ones, over and to come."""
    return list(Announcement.objects.order_by("-id")[:LISTED])


def create(*, draft: Draft, by: UUID, at: dt.datetime) -> Announcement:
    """Write a notice."""
    with transaction.atomic(using=SYSTEM):
        made = Announcement(
            tone=draft.tone, title=draft.title, text=draft.text, title_de=draft.title_de, text_de=draft.text_de,
            starts_at=max(draft.starts_at, at), ends_at=draft.ends_at, created_at=at, created_by=by,
        )  # fmt: skip
        made.save(using=SYSTEM, force_insert=True)
        _record("created", made, by, at)
    cache.delete(_CACHE)
    return made


def end(*, announcement: UUID, by: UUID, at: dt.datetime) -> None:
    """End a notice now. Raises ``NotEnding``."""
    with transaction.atomic(using=SYSTEM):
        rows = Announcement.objects.using(SYSTEM).filter(Q(ends_at=None) | Q(ends_at__gt=at), pk=announcement)
        if not rows.update(ends_at=at):
            raise NotEnding
        _record("ended", Announcement(pk=announcement), by, at)
    cache.delete(_CACHE)


def purge(*, at: dt.datetime) -> int:
    """Remove notices that ended long ago."""
    return Announcement.objects.using(SYSTEM).filter(ends_at__lt=at - KEPT).delete()[0]


def due() -> dt.datetime | None:
    """The end of the notice that ended first."""
    return first(Announcement.objects.using(SYSTEM).filter(ends_at__isnull=False), "ends_at", KEPT)


def _unfinished(at: dt.datetime) -> "QuerySet[Announcement]":
    return Announcement.objects.filter(Q(ends_at=None) | Q(ends_at__gt=at)).order_by("-starts_at", "-id")[:LISTED]


def _record(what: str, notice: Announcement, by: UUID, at: dt.datetime) -> None:
    audit.record(
        action=f"staff:notice:{what}", workspace=audit.PLATFORM, actor=by, at=at, details={"notice": str(notice.pk)},
        using=SYSTEM,
    )  # fmt: skip
