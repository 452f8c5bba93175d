"""Announced versions of our documents, for programs: what the header ``Policy-Notice`` points at. Needs no key."""

import datetime as dt
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.auth import Open
from privacy.documents import notices, telling
from privacy.models import DocumentVersion
from smsplatform.lib import mail
from smsplatform.lib.api.openapi import documented
from smsplatform.lib.api.views import Nothing


class NoticeDocument(msgspec.Struct, kw_only=True):
    """A version of a document that was announced."""

    id: Annotated[str, Meta(examples=["ntc_01h455vb4pex5vsknk084sn02q"])]
    object: Literal["notice"]
    document: Literal["policy", "terms", "processing", "transfers"]
    version: int
    state: Literal["announced", "effective", "archived"]
    material: Annotated[bool, Meta(description="Whether data, purposes, recipients, times or rights change")]
    announced_at: dt.datetime
    effective_at: dt.datetime
    url: str
    changes: Annotated[list[str], Meta(description="What it changes, a sentence each")]


class Notices(Open):
    @documented("list_notices", tag="Notices", answers={200: NoticeDocument}, listed=True, open=True)
    def get(self, request: Request) -> Response:
        """List notices

        Versions of the privacy policy, the terms and the processing agreement, newest first. While one is announced
        and not yet in effect, every answer carries the header `Policy-Notice`.
        """
        self.filters(Nothing)
        rows = DocumentVersion.objects.exclude(state=DocumentVersion.State.DRAFT).defer("snapshot")
        page = self.page(rows)
        return self.listed(page, [shown(row) for row in page.rows])


def shown(row: DocumentVersion) -> dict[str, Any]:
    """A version as JSON."""
    notice = notices.of(row)
    return {
        "id": notice.id,
        "object": "notice",
        "document": row.document,
        "version": row.number,
        "state": row.state,
        "material": row.material,
        "announced_at": row.announced_at,
        "effective_at": row.effective_at,
        "url": mail.link(notice.path),
        "changes": telling.texts(row.changes),
    }
