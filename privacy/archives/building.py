"""Making an archive: all rows about a person, model by model, streamed into a ZIP of bounded pieces.

One attempt makes the whole file; one that died is begun again by the sweep, from the start, because people may have
been erased meanwhile. Rows are read in batches, each in a scope of its own, so no transaction stays open and memory
holds one batch and the first rows of one model.
"""

import datetime as dt
import hashlib
import json
import logging
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
from django.contrib.auth import get_user_model
from django.db.models import Q
from django.utils import translation

from privacy import holdings
from privacy.archives import pages, rendering
from privacy.archives.asking import ACTIVE, BATCH, DOWNLOADS_MAX, KEPT
from privacy.archives.pieces import Lost, Pieces
from privacy.archives.rendering import Row, Shape
from privacy.holdings import Section
from privacy.keyring import KeyDestroyed
from privacy.models import Archive, ArchivePiece
from privacy.people import Person
from privacy.registry import ModelPolicy
from smsplatform.lib import clock, ids, mail
from smsplatform.lib.tasks import task

SCHEMA_VERSION = 1
READ = 500  # rows at a time
SHOWN = 500  # rows of a model on its readable page; the rest is in its JSON
STALE = dt.timedelta(minutes=2)

logger = logging.getLogger(__name__)

Make = Callable[[Archive, UUID, dt.datetime], None]
_makers: dict[str, Make] = {}


def made_by(subject: str, make: Make) -> None:
    """What makes files of ``subject``; without, they are copies of somebody's data. Called at start."""
    _makers[subject] = make


@dataclass(slots=True)
class Written:
    """A file in the ZIP, for the manifest."""

    path: str
    rows: int | None = None
    size: int = 0
    digest: Any = field(default_factory=hashlib.sha256)

    def entry(self) -> dict[str, Any]:
        """Its line of the manifest."""
        known = {"path": self.path, "bytes": self.size, "sha256": self.digest.hexdigest()}
        return known if self.rows is None else {**known, "rows": self.rows}


@task(name="privacy.archives.sweep", queue="privacy")
def sweep() -> None:
    """Scheduled; makes what waits, and what an attempt that died has left. Safe to run twice and at the same time."""
    at = clock.now()
    waiting = Q(state=Archive.State.QUEUED) | Q(state=Archive.State.RUNNING, touched_at__lte=at - STALE)
    for archive in Archive.objects.filter(waiting).order_by("touched_at").values_list("pk", flat=True)[:BATCH]:
        build(archive, at=clock.now())


def build(archive: UUID, *, at: dt.datetime) -> bool:
    """Make the file; whether this attempt did. A failure is noted, and the archive with it is over."""
    builder = ids.uuid7()
    free = Q(state=Archive.State.QUEUED) | Q(state=Archive.State.RUNNING, touched_at__lte=at - STALE)
    if not Archive.objects.filter(free, pk=archive).update(
        state=Archive.State.RUNNING, builder=builder, touched_at=at, rows_done=0, pieces=0
    ):
        return False
    ArchivePiece.objects.filter(archive_id=archive).delete()
    row = Archive.objects.get(pk=archive)
    try:
        with translation.override(row.language):
            _makers.get(row.subject, _build)(row, builder, at)
    except (Lost, KeyDestroyed):
        return False
    except Exception as error:
        logger.exception("archive_failed", extra={"archive": str(archive)})
        Archive.objects.filter(pk=archive, builder=builder).update(
            state=Archive.State.FAILED, error=type(error).__name__[:40]
        )
        return False
    _tell(row)
    return True


def _tell(row: Archive) -> None:
    """Write to who signs in that their copy is ready; the mail holds no key to it."""
    if row.subject not in holdings.USERS or row.listed_for is None:
        return
    reader = get_user_model().objects.filter(pk=row.listed_for).first()
    if reader is None:
        return
    context = {"until": clock.now() + KEPT, "url": mail.link("/account/data/copies")}
    try:
        mail.send("privacy/archive_ready", to=[reader], context=context)
    except mail.Undelivered as error:
        logger.warning("mail_undelivered", extra={"error": error.code})


def _build(row: Archive, builder: UUID, at: dt.datetime) -> None:
    person = msgspec.json.decode(row.person or "", type=Person)
    about = [each for each in holdings.sections(person) if rendering.shape(each.policy, person).included]
    sections = [each for each in about if holdings.may("SELECT", each.model)]
    closed = {each.policy.model: each.policy for each in about if each not in sections}
    counted = [(section, _count(section, person, at)) for section in sections]
    Archive.objects.filter(pk=row.pk, builder=builder).update(rows_total=sum(rows for _, rows in counted))
    out = Pieces(archive=row.pk, builder=builder, clock=clock.now)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        maker = _Maker(archive=archive, out=out, person=person, row=row, at=at, closed=list(closed.values()))
        maker.make([each for each, rows in counted if rows])
    out.finish(
        state=Archive.State.READY, ready_at=clock.now(), downloads_left=DOWNLOADS_MAX, expires_at=clock.now() + KEPT,
        person=None, rows_done=out.rows,
    )  # fmt: skip


def _count(section: Section, person: Person, at: dt.datetime) -> int:
    with section.scope():
        return holdings.rows(section, person, at=at).count()


@dataclass(kw_only=True, slots=True)
class _Maker:
    """One attempt at one file."""

    archive: zipfile.ZipFile
    out: Pieces
    person: Person
    row: Archive
    at: dt.datetime
    closed: list[ModelPolicy]  # what the web role may not read
    files: list[Written] = field(default_factory=list)
    shapes: dict[str, Shape] = field(default_factory=dict)

    def make(self, sections: list[Section]) -> None:
        made = [self._model(section) for section in sections]
        for label, shape in self.shapes.items():
            self._write(f"schemas/{label}.schema.json", _json(rendering.json_schema(shape)))
        shapes = list(self.shapes.values())
        told = pages.Told(person=self.person, shapes=shapes, made=made, at=self.at, closed=self.closed)
        self._write("information.html", pages.information(told))
        self._write("style.css", pages.style())
        self._write("README.html", pages.readme(told))
        self._write("manifest.json", _json(self._manifest(told)))

    def _manifest(self, told: "pages.Told") -> dict[str, Any]:
        return {
            "schema_version": SCHEMA_VERSION,
            "inventory": pages.inventory_digest(),
            "generated_at": self.at.isoformat(),
            "request": str(self.row.pk),
            "subject": self.person.subject,
            "files": [file.entry() for file in self.files],
            "left_out": told.left_out(),
            "kept": told.kept(),
        }

    def _model(self, section: Section) -> pages.Made:
        """One model's rows as JSON, and the first of them as a page."""
        label = section.policy.model
        shape = self.shapes.setdefault(label, rendering.shape(section.policy, self.person))
        place = ids.encode(ids.WORKSPACE, section.workspace) if section.workspace else "account"
        path, first, count = f"{place}/{label}", [], 0
        with self._open(f"data/{path}.json") as (file, write):
            write(b"[")
            for row in self._rows(section, shape):
                write((b",\n" if count else b"\n") + _json(row, indent=None))
                first += [row] if count < SHOWN else []
                count += 1
            write(b"\n]\n")
            file.rows = count
        made = pages.Made(shape=shape, place=place, path=path, rows=first, count=count)
        self._write(f"pages/{path}.html", pages.model(made))
        return made

    def _rows(self, section: Section, shape: Shape) -> Iterator[Row]:
        for batch in rendering.batches(section, self.person, at=self.at, size=READ):
            yield from (rendering.values(row, shape, section) for row in batch)
            self.out.note(len(batch))

    def _write(self, path: str, content: bytes) -> None:
        with self._open(path) as (_, write):
            write(content)

    @contextmanager
    def _open(self, path: str) -> Iterator[tuple[Written, Any]]:
        file = Written(path)
        with self.archive.open(zipfile.ZipInfo(path, self.at.timetuple()[:6]), "w", force_zip64=True) as stream:
            yield file, partial(_put, file, stream)
        self.files.append(file)


def _put(file: Written, stream: Any, content: bytes) -> None:
    stream.write(content)
    file.size += len(content)
    file.digest.update(content)


def _json(value: Any, *, indent: int | None = 2) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=indent).encode()


def unfinished(*, at: dt.datetime) -> int:
    """Archives whose attempt died or that nobody has begun for a while."""
    return Archive.objects.filter(state__in=ACTIVE, touched_at__lte=at - 5 * STALE).count()
