"""What a person does last: confirm an erasure whose plan they have seen, and take away their copy."""

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts.access import outside, public
from privacy import archives, erasure
from privacy.archives import State
from privacy.models import DataRequest
from privacy.models.data_request import State as RequestState
from privacy.requests import desk, fulfilling, tickets
from smsplatform.lib import clock, ids, streams
from smsplatform.views.requests import visitor


def plan_of(row: DataRequest) -> erasure.Plan | None:
    """What an erasure that waits for its person's word would do now."""
    return erasure.plan(fulfilling.person_of(row)) if row.state == RequestState.PLANNED else None


def copies_of(row: DataRequest) -> list[tuple[str, State]]:
    """The copies made for a request, by the id to ask with: one of the account's, or one of each workspace."""
    if row.kind not in fulfilling.COPIES:
        return []
    named = [row.pk, *(told.ticket for told in tickets.decisions(row))]
    return [(ids.encode(ids.TICKET, one), state) for one in named if (state := _state(one)) is not None]


def _state(archive: UUID) -> State | None:
    try:
        return archives.state(archive, at=clock.now())
    except archives.Gone:
        return None


@public
@outside
@require_POST
def approve(request: HttpRequest, data_request_id: str) -> HttpResponse:
    """The person's word: it begins within seconds, and nobody can bring it back."""
    at = clock.now()
    row = visitor.own(request, data_request_id, at=at)
    try:
        desk.move(row, RequestState.APPROVED, by="person", actor=row.user_id, at=at)
    except desk.NotAllowed:
        messages.warning(request, _("This request waits for no word of yours any more."))
    else:
        messages.success(request, _("It begins now. This page says when it is done."))
    return redirect("privacy_request", str(row))


@public
@outside
@require_POST
def lift(request: HttpRequest, data_request_id: str) -> HttpResponse:
    """The end of a restriction or objection, by the word of who asked for it."""
    at = clock.now()
    row = visitor.own(request, data_request_id, at=at)
    if fulfilling.held_by(row):
        fulfilling.lift(row, at=at)
        messages.success(request, _("Ended. Your data is used as before."))
    else:
        messages.warning(request, _("This does not hold any more."))
    return redirect("privacy_request", str(row))


@public
@outside
@never_cache
@require_POST
def copy(request: HttpRequest, data_request_id: str) -> HttpResponse:
    """The file; each of the three downloads counts."""
    at = clock.now()
    row = visitor.own(request, data_request_id, at=at)
    wanted = request.POST.get("copy", "")
    if wanted not in {name for name, _known in copies_of(row)}:
        raise Http404
    try:
        pieces = archives.stream(ids.decode(ids.TICKET, wanted), at=at)
    except archives.Gone:
        messages.warning(request, _("This copy is not there any more. Ask for a new one."))
        return redirect("privacy_request", str(row))
    answer = StreamingHttpResponse(streams.leaving(request, pieces), content_type="application/zip")
    answer["Content-Disposition"] = 'attachment; filename="your-data.zip"'
    return cast(HttpResponse, answer)  # what the decorators ask of it, a streaming one has too
