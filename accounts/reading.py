"""Telling people who are signed in of new versions, and noting what they were shown, with as few queries as can be.

The session remembers what was noted already. Nothing is asked of the database while no version is new to somebody.
"""

import datetime as dt
from typing import Any
from uuid import UUID

from django.contrib.sessions.backends.base import SessionBase

from accounts.models import User
from privacy.documents import notices, readers
from privacy.documents.notices import Notice

POLICY = "policy"
SHOWN, DISMISSED, NEWS = "policy_shown", "policy_dismissed", "policy_news"


def banners(user: User, session: SessionBase) -> list[Notice]:
    """What to tell this person on a page: versions to come, and one that came since they were here last."""
    told = [*notices.coming(), *_news(user, session)]
    if not told:
        return []
    if DISMISSED not in session:
        session[DISMISSED] = [str(version) for version in readers.dismissed_by(user.pk)]
    return [notice for notice in told if str(notice.version_id) not in session[DISMISSED]]


def note(user: User, session: SessionBase, *, at: dt.datetime) -> None:
    """A page was shown to this person: note which versions it told them of, and that they went on."""
    current = notices.current(POLICY)
    if current is not None and user.policy_version != str(current.number):
        _note_current(user, session, current, at)
    elif current is not None and session.get(NEWS) == str(current.version_id) and not session.get("policy_went_on"):
        session["policy_went_on"] = True
        readers.note_continued(version=current.version_id, user=user.pk, at=at)
    for notice in notices.coming():
        _note_shown(user, session, notice, at)


def dismiss(user: User, session: SessionBase, version: UUID, *, at: dt.datetime) -> None:
    """Put a banner away for good."""
    readers.note_dismissed(version=version, user=user.pk, at=at)
    session[DISMISSED] = [*session.get(DISMISSED, []), str(version)]


def _note_current(user: User, session: SessionBase, current: Notice, at: dt.datetime) -> None:
    """The first page since it came into effect; people from before the first version are not bothered with it."""
    if user.policy_version or current.number > 1:
        session[NEWS] = str(current.version_id)
        session.pop("policy_went_on", None)
    _note_shown(user, session, current, at)
    user.policy_version, user.policy_seen_at = str(current.number), at
    user.save(update_fields=["policy_version", "policy_seen_at"])


def _note_shown(user: User, session: SessionBase, notice: Notice, at: dt.datetime) -> None:
    shown: list[Any] = session.get(SHOWN, [])
    if str(notice.version_id) not in shown:
        readers.note_shown(version=notice.version_id, user=user.pk, at=at)
        session[SHOWN] = [*shown, str(notice.version_id)]


def _news(user: User, session: SessionBase) -> list[Notice]:
    current = notices.current(POLICY)
    if current is None:
        return []
    changed = bool(user.policy_version) and user.policy_version != str(current.number)
    return [current] if changed or session.get(NEWS) == str(current.version_id) else []
