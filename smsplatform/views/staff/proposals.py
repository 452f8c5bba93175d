"""What waits for a second person: exports of customers' data, and refunds."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages as notices
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import directory, seconding
from accounts.access import staff_page
from accounts.forms.grants import words
from accounts.grants import GrantRefused
from accounts.models import StaffGrant, StaffProposal, User
from messaging import refunding, staff_exports
from privacy import audit
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import staff
from smsplatform.staff_navigation import WORKERS
from smsplatform.views.staff import factor


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A proposal in the list, with the reason of the grant it was asked under."""

    proposal: StaffProposal
    workspace: str
    staff: str
    reason: str
    message: str
    mine: bool


@staff_page(*WORKERS)
@require_POST
def decide(request: HttpRequest, proposal_id: str) -> HttpResponse:
    """Agree with one's own second factor, or decline."""
    found, agreed = seconding.found(proposal_id), request.POST.get("decision") == "agree"
    if found is None:
        raise Http404
    factor_at = factor.just_now(request, back=reverse("staff_grants")) if agreed else None
    if isinstance(factor_at, HttpResponse):
        return factor_at
    assert isinstance(request.user, User)
    try:
        seconding.decide(
            proposal=found, by=request.user, agreed=agreed, factor_at=factor_at, at=clock.now(),
            carry_out=ACTS[StaffProposal.Kind(found.kind)],
        )  # fmt: skip
    except GrantRefused as refused:
        notices.error(request, words(refused), extra_tags="bad")
    else:
        notices.success(request, _("Agreed, and done.") if agreed else _("Declined."))
    return redirect("staff_grants")


def waiting(user: User) -> list[Row]:
    """What waits, with names; three more queries for all of it."""
    if user.staff_role not in WORKERS:
        return []
    found = seconding.waiting(at=clock.now())
    places = directory.names({row.workspace_id for row in found})
    people = User.objects.in_bulk({row.asked_by for row in found})
    reasons = StaffGrant.objects.using(staff.ALIAS).in_bulk({row.grant_id for row in found})
    return [
        Row(
            proposal=row,
            workspace=places.get(row.workspace_id, ""),
            staff=people[row.asked_by].name or people[row.asked_by].email if row.asked_by in people else "",
            reason=reasons[row.grant_id].reason if row.grant_id in reasons else "",
            message=ids.encode(ids.MESSAGE, row.subject) if row.subject else "",
            mine=row.asked_by == user.pk,
        )
        for row in found
    ]


def _export(proposal: StaffProposal) -> None:
    staff_exports.make(proposal, at=clock.now())


def _refund(proposal: StaffProposal) -> None:
    """Raises ``GrantRefused`` if the price was given back before."""
    assert proposal.subject is not None
    assert proposal.decided_by is not None
    at, workspace = clock.now(), proposal.workspace_id
    if not refunding.give_back(workspace=workspace, message=proposal.subject, at=at):
        raise GrantRefused("proposal", "nothing")
    refunded(workspace=workspace, message=proposal.subject, grant=proposal.grant_id, by=proposal.decided_by, at=at)


def refunded(*, workspace: UUID, message: UUID, grant: UUID, by: UUID, at: dt.datetime) -> None:
    """Write down, in the open scope, that a price was given back."""
    details = {"message": str(message), "grant": str(grant)}
    audit.record(action="staff:message:refunded", workspace=workspace, actor=by, at=at, details=details)


ACTS: dict[str, Callable[[StaffProposal], None]] = {
    StaffProposal.Kind.EXPORT: _export,
    StaffProposal.Kind.REFUND: _refund,
}
