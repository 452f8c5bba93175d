"""What the workspace was told of security incidents."""

import datetime as dt
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.roles import Scope
from privacy.breaches import notices
from privacy.models import IncidentNotice
from smsplatform.lib.api.openapi import documented
from smsplatform.lib.api.views import ApiView, Nothing


class SecurityNoticeDocument(msgspec.Struct, kw_only=True):
    """A notice of an incident that concerns the workspace."""

    id: Annotated[str, Meta(examples=["ntc_01h455vb4pex5vsknk084sn02q"])]
    object: Literal["security_notice"]
    incident: Annotated[str, Meta(description="The same over all notices of one incident")]
    title: str
    text: str
    url: str
    created_at: dt.datetime
    seen_at: Annotated[dt.datetime | None, Meta(description="When somebody of the workspace marked it as read")]


class SecurityNotices(ApiView):
    scopes = {"GET": Scope.PRIVACY_READ}

    @documented("list_security_notices", tag="Notices", answers={200: SecurityNoticeDocument}, listed=True)
    def get(self, request: Request) -> Response:
        """List security notices

        What we told this workspace of security incidents, newest first. Keys of either mode see all of them. The
        webhook event `security.incident` names the notice by its id.
        """
        self.filters(Nothing)
        page = self.page(IncidentNotice.objects.filter(workspace_id=self.workspace_id))
        return self.listed(page, [shown(row) for row in page.rows])


def shown(row: IncidentNotice) -> dict[str, Any]:
    """A notice as JSON."""
    return notices.document(row)
