"""What each person was told of a version: by mail, by page, and whether they went on. Never a consent."""

import datetime as dt
from collections.abc import Iterable
from uuid import UUID

from django.db.models import QuerySet

from privacy.models import DocumentReader


def note_shown(*, version: UUID, user: UUID, at: dt.datetime) -> None:
    """A page showed it to them; the first time counts."""
    _row(version, user).filter(shown_at=None).update(shown_at=at)


def note_dismissed(*, version: UUID, user: UUID, at: dt.datetime) -> None:
    """They put the banner away."""
    _row(version, user).filter(dismissed_at=None).update(dismissed_at=at)


def note_continued(*, version: UUID, user: UUID, at: dt.datetime) -> None:
    """They went on after it was shown to them and in effect."""
    _row(version, user).filter(shown_at__isnull=False, continued_at=None).update(continued_at=at)


def note_mailed(*, version: UUID, users: Iterable[UUID], at: dt.datetime) -> None:
    """The mail server took the mails to them."""
    DocumentReader.objects.bulk_create(
        [DocumentReader(version_id=version, user_id=user, mailed_at=at) for user in users],
        update_conflicts=True, update_fields=["mailed_at"], unique_fields=["version", "user_id"],
    )  # fmt: skip


def dismissed_by(user: UUID) -> set[UUID]:
    """The versions whose banner this person put away."""
    rows = DocumentReader.objects.filter(user_id=user, dismissed_at__isnull=False)
    return set(rows.values_list("version_id", flat=True))


def _row(version: UUID, user: UUID) -> QuerySet[DocumentReader]:
    rows = DocumentReader.objects.filter(version_id=version, user_id=user)
    DocumentReader.objects.bulk_create([DocumentReader(version_id=version, user_id=user)], ignore_conflicts=True)
    return rows
