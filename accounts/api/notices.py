"""What the operator tells everybody, for programs: versions of our documents, which the header ``Policy-Notice`` points
at, and notices about the platform. Needs no key.
"""

import datetime as dt
from typing import Annotated, Any, Literal

import msgspec
from django.db.models import QuerySet
from django.urls import reverse
from msgspec import Meta
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.auth import Open
from privacy.documents import notices, telling
from privacy.models import DocumentVersion
from smsplatform.lib import mail
from smsplatform.lib.api import pages
from smsplatform.lib.api.openapi import documented
from smsplatform.models import Announcement

TONES = {Announcement.Tone.INFO: "information", Announcement.Tone.WARN: "warning", Announcement.Tone.BAD: "incident"}
Kind = Literal["document", "operator"]


class NoticeQuery(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What to list; both without."""

    kind: Kind | None = None


class NoticeDocument(msgspec.Struct, kw_only=True):
    """A version of a document that was announced (`document`), or word of the operator about the platform (`operator`).
    The fields of the other kind are null.
    """

    id: Annotated[str, Meta(description="Stays the same", examples=["ntc_01h455vb4pex5vsknk084sn02q"])]
    object: Literal["notice"]
    kind: Kind
    state: Annotated[
        Literal["announced", "effective", "archived", "shown", "over"],
        Meta(description="Of a document: `announced`, `effective`, `archived`; of the operator: `shown`, `over`"),
    ]
    announced_at: dt.datetime
    url: str
    document: Literal["policy", "terms", "processing", "transfers"] | None
    version: int | None
    material: Annotated[bool | None, Meta(description="Whether data, purposes, recipients, times or rights change")]
    effective_at: dt.datetime | None
    changes: Annotated[list[str] | None, Meta(description="What it changes, a sentence each")]
    severity: Literal["information", "warning", "incident"] | None
    title: str | None
    text: str | None
    ends_at: Annotated[dt.datetime | None, Meta(description="Null while nobody knows")]


class Notices(Open):
    @documented(
        "list_notices", tag="Notices", answers={200: NoticeDocument}, query=NoticeQuery, listed=True, open=True
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """List notices

        Versions of the privacy policy, the terms and the processing agreement, and what the operator tells about the
        platform, newest first. While a version is announced and not yet in effect, every answer carries the header
        `Policy-Notice`. Security incidents that concern your workspace are under `/v1/security_notices`.
        """
        kind = self.filters(NoticeQuery).kind
        sources = [rows for name, rows in self._sources().items() if kind in (None, name)]
        page = pages.read_several(sources, request.query_params)
        return self.listed(page, [shown(row, at=self.at) for row in page.rows])

    def _sources(self) -> dict[str, "QuerySet[Any]"]:
        versions = DocumentVersion.objects.exclude(state=DocumentVersion.State.DRAFT).defer("snapshot")
        return {"document": versions, "operator": Announcement.objects.filter(starts_at__lte=self.at)}


def shown(row: DocumentVersion | Announcement, *, at: dt.datetime) -> dict[str, Any]:
    """A notice as JSON."""
    told = _of_operator(row, at) if isinstance(row, Announcement) else _of_document(row)
    return {**dict.fromkeys(NoticeDocument.__struct_fields__), "object": "notice", **told}


def _of_document(row: DocumentVersion) -> dict[str, Any]:
    notice = notices.of(row)
    return {
        "id": notice.id,
        "kind": "document",
        "state": row.state,
        "announced_at": row.announced_at,
        "url": mail.link(notice.path),
        "document": row.document,
        "version": row.number,
        "material": row.material,
        "effective_at": row.effective_at,
        "changes": telling.texts(row.changes),
    }


def _of_operator(row: Announcement, at: dt.datetime) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "kind": "operator",
        "state": row.state(at),
        "announced_at": row.starts_at,
        "url": mail.link(reverse("status")),
        "severity": TONES[Announcement.Tone(row.tone)],
        "title": row.title,
        "text": row.text,
        "ends_at": row.ends_at,
    }
