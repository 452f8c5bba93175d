"""Asking for an archive, how far it is, taking it away, and its end.

    queued ──▶ running ──▶ ready ──▶ gone: 3 downloads or 7 days, or the person was erased
                  └──▶ failed

A download is counted by one conditional update, so of two that race for the last one exactly one is served. Its end is
the end of its key: whatever copies of the sealed pieces there are, none opens any more.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import msgspec
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import translation

from privacy import ciphers, holdings, keyring
from privacy.keyring import PLATFORM
from privacy.models import Archive, ArchivePiece
from privacy.people import Person

DOWNLOADS_MAX = 3
KEPT = dt.timedelta(days=7)
SLOW = dt.timedelta(hours=1)  # how long the last download may take before its key dies
ACTIVE = (Archive.State.QUEUED, Archive.State.RUNNING)
BATCH = 100


class Gone(LookupError):
    """There is no such file: it is not finished, was taken three times, or its time is over."""


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """How far an archive is. ``progress`` goes from 0 to 1."""

    progress: float
    ready: bool
    downloads_left: int
    expires_at: dt.datetime
    code: str = "queued"  # of ``Archive.State``


def request(person: Person, *, request_id: UUID, at: dt.datetime) -> None:
    """Ask for a copy of all we hold about ``person``; asking again with the same id changes nothing."""
    if Archive.objects.filter(pk=request_id).exists():
        return
    made = Archive(
        id=request_id, subject=person.subject, listed_for=listed_for(person),
        person=msgspec.json.encode(holdings.complete(person)).decode(), language=translation.get_language() or "en",
        created_at=at, touched_at=at, expires_at=at + KEPT,
    )  # fmt: skip
    Archive.objects.bulk_create([made], ignore_conflicts=True)


def order(archive_id: UUID, *, subject: str, at: dt.datetime) -> None:
    """Have a file made that is no copy of a person's data, by what ``building.made_by`` was told for ``subject``.

    Nobody's list shows it.
    """
    made = Archive(id=archive_id, subject=subject, created_at=at, touched_at=at, expires_at=at + KEPT)
    Archive.objects.bulk_create([made], ignore_conflicts=True)


def end(archive_id: UUID) -> int:
    """End one archive, whatever its state: its key is destroyed. How many."""
    return sum(_end(row) for row in Archive.objects.filter(pk=archive_id).exclude(state=Archive.State.GONE))


def is_over(archive_id: UUID, *, at: dt.datetime) -> bool:
    """Whether nothing more can be taken of it: it failed, ended, or was taken as often as may be."""
    row = Archive.objects.filter(pk=archive_id).first()
    if row is None or row.expires_at <= at or row.state in (Archive.State.FAILED, Archive.State.GONE):
        return True
    return row.state == Archive.State.READY and row.downloads_left == 0


def was_taken(archive_id: UUID) -> bool:
    """Whether it was downloaded at least once."""
    return Archive.objects.filter(pk=archive_id, taken_at__isnull=False).exists()


def state(request_id: UUID, *, at: dt.datetime | None = None) -> State:
    """How far it is. Raises ``Gone`` for an unknown one."""
    row = Archive.objects.filter(pk=request_id).first()
    if row is None:
        raise Gone
    return state_of(row, at=at)


def state_of(row: Archive, *, at: dt.datetime | None) -> State:
    """The state of a row; with ``at``, also whether its time is over."""
    over = row.state == Archive.State.GONE or (at is not None and row.expires_at <= at)
    done = 1.0 if row.state == Archive.State.READY else min(0.99, row.rows_done / max(1, row.rows_total))
    return State(
        progress=0.0 if row.state == Archive.State.QUEUED else done,
        ready=row.state == Archive.State.READY and not over and row.downloads_left > 0,
        downloads_left=row.downloads_left,
        expires_at=row.expires_at,
        code=str(Archive.State.GONE if over else row.state),
    )


def stream(request_id: UUID, *, at: dt.datetime) -> Iterator[bytes]:
    """The file, piece by piece; counts as a download from this call on. Raises ``Gone``."""
    taken = Archive.objects.filter(
        pk=request_id, state=Archive.State.READY, expires_at__gt=at, downloads_left__gt=0
    ).update(downloads_left=F("downloads_left") - 1, taken_at=at)
    if not taken:
        raise Gone
    return _pieces(request_id)


def revoke(person: Person, *, at: dt.datetime) -> int:
    """End every archive made for a person or workspace, whatever its state; how many."""
    return sum(_end(row) for row in listed(person).exclude(state=Archive.State.GONE))


def listed(person: Person) -> "QuerySet[Archive]":
    """The archives made for a person or workspace."""
    return Archive.objects.filter(listed_for=listed_for(person))


def listed_for(person: Person) -> UUID | None:
    """By which an archive is found again: a workspace's or person's id, or a keyed hash of a number."""
    if person.subject == holdings.WORKSPACE:
        return person.workspace
    if person.msisdn:
        return UUID(bytes=ciphers.platform_index("privacy.Archive.listed_for", person.msisdn))
    return person.user or person.consent


def purge(*, at: dt.datetime) -> int:
    """Destroy the keys of archives whose time is over, and forget those that ended ``KEPT`` ago; how many."""
    over = Q(expires_at__lte=at) | Q(downloads_left=0, state=Archive.State.READY, taken_at__lte=at - SLOW)
    ended = sum(_end(row) for row in Archive.objects.filter(over).exclude(state=Archive.State.GONE)[:BATCH])
    forgotten = Archive.objects.filter(state=Archive.State.GONE, expires_at__lte=at - KEPT)[:BATCH]
    return ended + Archive.objects.filter(pk__in=[row.pk for row in forgotten]).delete()[0]


def associated(archive: UUID, number: int) -> bytes:
    """What a piece is bound to: its place in its file."""
    return ciphers.aad(f"privacy.ArchivePiece.content.{number}", PLATFORM, archive)


def _pieces(archive: UUID) -> Iterator[bytes]:
    for number in range(Archive.objects.values_list("pieces", flat=True).get(pk=archive)):
        piece = ArchivePiece.objects.filter(archive_id=archive, number=number).first()
        if piece is None:
            raise Gone
        yield ciphers.unseal(bytes(piece.content), associated(archive, number))


def _end(row: Archive) -> int:
    """First the state, so that nobody goes on writing; then the key; then what is left of the file."""
    with transaction.atomic():
        ended = Archive.objects.filter(pk=row.pk).exclude(state=Archive.State.GONE)
        count = ended.update(state=Archive.State.GONE, person=None, downloads_left=0, builder=None)
    keyring.destroy_archive(row.pk)
    ArchivePiece.objects.filter(archive_id=row.pk).delete()
    return count
