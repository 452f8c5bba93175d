"""Where a file goes while it is made: sealed pieces of bounded size, written by one attempt only."""

import datetime as dt
import io
from collections.abc import Callable
from uuid import UUID

from django.db import transaction
from django.db.models import F

from privacy import ciphers, keyring
from privacy.archives.asking import associated
from privacy.keyring import DataKey, Purpose
from privacy.models import Archive, ArchivePiece

SIZE = 256 * 1024


class Lost(RuntimeError):
    """The archive was ended, or another attempt took over: nothing more may be written."""


class Pieces(io.RawIOBase):
    """A file that can only be written, from beginning to end. ``clock`` says when each piece was made."""

    def __init__(self, *, archive: UUID, builder: UUID, clock: Callable[[], dt.datetime]) -> None:
        self._archive, self._builder, self._clock = archive, builder, clock
        self._key: DataKey = keyring.key(archive, Purpose.ARCHIVE)
        self._waiting = bytearray()
        self.number = self.size = self.rows = 0

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]  # the stub wants any buffer; zipfile gives bytes
        """Take bytes; store what fills a piece. Raises ``Lost``."""
        self._waiting += data
        while len(self._waiting) >= SIZE:
            self._store(bytes(self._waiting[:SIZE]))
            del self._waiting[:SIZE]
        return len(data)

    def finish(self, **changes: object) -> None:
        """Store the rest and change the archive with it. Raises ``Lost``."""
        with transaction.atomic():
            if self._waiting:
                self._store(bytes(self._waiting))
                self._waiting.clear()
            self._change(size=self.size, pieces=self.number, **changes)

    def note(self, rows: int) -> None:
        """So many rows more are in. Raises ``Lost``."""
        self.rows += rows
        self._change(rows_done=self.rows)

    def _store(self, piece: bytes) -> None:
        sealed = ciphers.seal(self._key, piece, associated(self._archive, self.number))
        with transaction.atomic():
            self._change(pieces=F("pieces") + 1)
            ArchivePiece.objects.create(archive_id=self._archive, number=self.number, content=sealed)
        self.number += 1
        self.size += len(piece)

    def _change(self, **changes: object) -> None:
        mine = Archive.objects.filter(pk=self._archive, builder=self._builder, state=Archive.State.RUNNING)
        if not mine.update(touched_at=self._clock(), **changes):
            raise Lost
