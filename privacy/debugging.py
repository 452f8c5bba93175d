"""Debugging windows: a workspace keeps what it sends readable for some days, to look for a fault, and no longer."""

import datetime as dt
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from privacy import audit, profiles
from privacy.models import DebugWindow

DAY = dt.timedelta(days=1)


class NotBounded(ValueError):
    """A window ends, and within the time that the policy allows."""


def days_max() -> int:
    """For how many days a window may be opened."""
    return profiles.duration("retention.body_extended") // DAY


def standing(*, workspace: UUID, at: dt.datetime) -> DebugWindow | None:
    """The window that is open now, in the open scope."""
    return _open(at).filter(workspace_id=workspace).order_by("-ends_at").first()


def start(*, workspace: UUID, ends_at: dt.datetime, by: UUID, at: dt.datetime) -> DebugWindow:
    """Open one in the open scope; the one before ends. Raises ``NotBounded``."""
    if not at < ends_at <= at + profiles.duration("retention.body_extended"):
        raise NotBounded
    with transaction.atomic():
        _end(workspace, at)
        made = DebugWindow.objects.create(workspace_id=workspace, opened_by=by, opened_at=at, ends_at=ends_at)
        _record("opened", workspace, by, at)
    return made


def stop(*, workspace: UUID, by: UUID, at: dt.datetime) -> bool:
    """End it before its time, in the open scope: from here on nobody is shown what it kept; whether there was one."""
    with transaction.atomic():
        ended = _end(workspace, at)
        if ended:
            _record("closed", workspace, by, at)
    return bool(ended)


def _open(at: dt.datetime) -> QuerySet[DebugWindow]:
    return DebugWindow.objects.filter(closed_at=None, opened_at__lte=at, ends_at__gt=at)


def _end(workspace: UUID, at: dt.datetime) -> int:
    return _open(at).filter(workspace_id=workspace).update(closed_at=at)


def _record(what: str, workspace: UUID, by: UUID, at: dt.datetime) -> None:
    audit.record(action=f"user:debug_window:{what}", workspace=workspace, actor=by, at=at, details={})
