"""Making the package: the named fields of the named rows, streamed into a sealed file with a manifest of digests.

The same pieces, keys and sweep as archives of people's data. What is not named in the case does not get into the
file, whatever else the rows hold; the manifest says what was asked for and nothing about what was not.
"""

import datetime as dt
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any
from uuid import UUID

from django.db.models import Model

from privacy.archives import DOWNLOADS_MAX, KEPT, building, rendering
from privacy.archives.pieces import Pieces
from privacy.archives.rendering import Row
from privacy.disclosures import register, scope
from privacy.disclosures.scope import Part
from privacy.models import Archive, Disclosure
from smsplatform.lib import clock, ids

SUBJECT = "disclosure"
SCHEMA_VERSION = 1
READ = 500  # rows at a time


class _Digested(io.RawIOBase):
    """Passes bytes on and keeps the digest of all of them."""

    def __init__(self, out: Pieces) -> None:
        self._out, self.digest = out, hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]  # the stub wants any buffer; zipfile gives bytes
        self.digest.update(data)
        return self._out.write(data)


@dataclass(kw_only=True, slots=True)
class _File:
    """A file in the package, for its manifest."""

    path: str
    rows: int = 0
    digest: Any = field(default_factory=hashlib.sha256)

    def put(self, stream: IO[bytes], content: bytes) -> None:
        stream.write(content)
        self.digest.update(content)

    def entry(self) -> dict[str, Any]:
        """Its line of the manifest."""
        return {"path": self.path, "rows": self.rows, "sha256": self.digest.hexdigest()}


def make(row: Archive, builder: UUID, at: dt.datetime) -> None:
    """Make the package of a case. Raises as ``Pieces``, and ``DoesNotExist`` when the case is approved no more."""
    case = register.of_package(row.pk)
    out = Pieces(archive=row.pk, builder=builder, clock=clock.now)
    digested = _Digested(out)
    with zipfile.ZipFile(digested, "w", zipfile.ZIP_DEFLATED) as package:
        files = [_write(package, part, out, at) for part in scope.parts(case)]
        content = json.dumps(_manifest(case, files, at), ensure_ascii=False, indent=2).encode()
        with package.open(_info("manifest.json", at), "w") as stream:
            stream.write(content)
    register.set_package(row.pk, sha256=digested.digest.hexdigest())
    out.finish(
        state=Archive.State.READY, ready_at=clock.now(), downloads_left=DOWNLOADS_MAX, expires_at=clock.now() + KEPT,
        rows_done=out.rows,
    )  # fmt: skip


def _write(package: zipfile.ZipFile, part: Part, out: Pieces, at: dt.datetime) -> _File:
    file = _File(path=f"{part.policy.model}.json")
    with package.open(_info(file.path, at), "w", force_zip64=True) as stream:
        file.put(stream, b"[")
        for row in _rows(part, out, at):
            file.put(stream, (b",\n" if file.rows else b"\n") + json.dumps(row, ensure_ascii=False).encode())
            file.rows += 1
        file.put(stream, b"\n]\n")
    return file


def _rows(part: Part, out: Pieces, at: dt.datetime) -> Iterator[Row]:
    columns = scope.columns(part.policy, part.case.kinds)
    for batch in _batches(part, at):
        for row in batch:
            values = {each.field.attname: rendering.value_of(row, each, part.case.workspace_id) for each in columns}
            yield {"id": _name(row), **values}
        out.note(len(batch))


def _batches(part: Part, at: dt.datetime) -> Iterator[list[Model]]:
    """Each in a scope of its own, so that no transaction stays open."""
    after: Any = None
    while True:
        with part.scope():
            query = part.rows(at=at).order_by("pk")
            rows = list(query.filter(pk__gt=after)[:READ] if after is not None else query[:READ])
        if rows:
            yield rows
        if len(rows) < READ:
            return
        after = rows[-1].pk


def _name(row: Model) -> str:
    """The id of the message it belongs to, by which files are joined, or of the row."""
    return str(getattr(row, scope.MESSAGE, row.pk))


def _manifest(case: Disclosure, files: list[_File], at: dt.datetime) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "case": str(case),
        "ground": str(case.ground),
        "reference": case.reference,
        "workspace": ids.encode(ids.WORKSPACE, case.workspace_id),
        "since": case.since.isoformat(),
        "until": case.until.isoformat(),
        "records": list(case.records),
        "kinds": list(case.kinds),
        "one_number": bool(case.number),
        "generated_at": at.isoformat(),
        "files": [file.entry() for file in files],
    }


def _info(path: str, at: dt.datetime) -> zipfile.ZipInfo:
    return zipfile.ZipInfo(path, at.timetuple()[:6])


building.made_by(SUBJECT, make)
