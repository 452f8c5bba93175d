"""What staff of the operator looked at here, when, why and how deep; and whether they may."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages as notices
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts import activity, grants
from accounts.access import page
from accounts.forms.grants import words
from accounts.grants import GrantRefused
from accounts.looks import LOOKED
from accounts.models import StaffGrant, StaffProposal, Workspace
from accounts.models.grant import Depth, Reason, State
from accounts.models.proposal import Answer
from accounts.roles import Permission
from privacy import registry
from privacy.models import AuditEvent
from smsplatform.lib import clock, ids, lookups
from smsplatform.lib.tenancy.staff import Level

ROWS = 50
DOWNLOADED = "staff:export:downloaded"


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """One look of staff, in words."""

    id: str
    at: dt.datetime
    who: str
    category: str | Promise
    ticket: str
    level: str | Promise
    deep: int
    kinds: list[str]
    count: str
    subject: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposed:
    """What one of the staff asked for and another decided."""

    proposal: StaffProposal
    answer: Answer
    who: str
    second: str
    message: str
    downloads: int


@page(permission=Permission.ACTIVITY_READ)
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Every look, newest first, and what waits for a decision."""
    workspace, at = _here(request), clock.now()
    rows = AuditEvent.objects.filter(workspace_id=workspace, action=LOOKED).told(at).order_by("-id")
    if before := request.GET.get("before", ""):
        rows = rows.filter(id__lt=lookups.named(activity.EVENT, before))
    found = list(rows[: ROWS + 1])
    looks = shown(found[:ROWS])
    given = StaffGrant.objects.readable(at=at).filter(workspace_id=workspace).order_by("-id")[:ROWS]
    context = {
        "looks": looks,
        "older": looks[-1].id if len(found) > ROWS else "",
        "grants": [(grant, grant.state(at=at)) for grant in given],
        "proposals": proposed(workspace, at=at),
        "waits": State.WAITING,
        "active": State.ACTIVE,
        "own_approval": Workspace.objects.values_list("staff_approval", flat=True).get(pk=workspace),
    }
    return render(request, "accounts/staff_access.html", context)


@page(permission=Permission.SETTINGS_WRITE)
@require_POST
def decide(request: HttpRequest, grant_id: str) -> HttpResponse:
    """Let staff in, refuse them, or end what was allowed."""
    at = clock.now()
    rows = StaffGrant.objects.readable(at=at).filter(workspace_id=_here(request))
    grant = lookups.find(rows, ids.GRANT, grant_id)
    assert request.user.pk is not None  # signed in
    verb = request.POST.get("decision")
    try:
        if verb == "end":
            grants.end(grant=grant, by=request.user.pk, at=at, source="user")
        else:
            grants.decide_for_workspace(grant=grant, by=request.user.pk, agreed=verb == "agree", at=at)
    except GrantRefused as refused:
        notices.error(request, words(refused), extra_tags="bad")
    else:
        notices.success(request, _("Staff may look in now.") if verb == "agree" else _("Staff see nothing here."))
    return redirect("staff_access")


def proposed(workspace: UUID, *, at: dt.datetime) -> list[Proposed]:
    """Exports and refunds that staff asked for, newest first; four queries."""
    grants_told = StaffGrant.objects.readable(at=at).filter(workspace_id=workspace).values("id")
    asked = StaffProposal.objects.filter(workspace_id=workspace, grant_id__in=grants_told)
    rows = list(asked.order_by("-id")[:ROWS])
    if not rows:
        return []
    events = AuditEvent.objects.filter(workspace_id=workspace, action=DOWNLOADED).told(at)
    taken = Counter(details.get("proposal") for details in events.values_list("details", flat=True))
    people = {person for row in rows for person in (row.asked_by, row.decided_by) if person}
    names = activity.named(people, workspace)
    return [
        Proposed(
            proposal=row,
            answer=row.answer(at=at),
            who=names[row.asked_by],
            second=names[row.decided_by] if row.decided_by else "",
            message=ids.encode(ids.MESSAGE, row.subject) if row.subject else "",
            downloads=taken[str(row.pk)],
        )
        for row in rows
    ]


def shown(rows: list[AuditEvent]) -> list[Look]:
    """Looks in words, in the open scope."""
    entries = activity.shown(rows)
    return [_look(row, entry) for row, entry in zip(rows, entries, strict=True)]


def _look(row: AuditEvent, entry: activity.Entry) -> Look:
    details = row.details
    level = Level[details["level"]] if details.get("level") in Level.__members__ else Level.METADATA
    return Look(
        id=entry.id,
        at=row.at,
        who=entry.actor,
        category=dict(Reason.choices).get(details.get("category", ""), details.get("category", "")),
        ticket=details.get("ticket", ""),
        level=Depth(level).label,
        deep=level.value,
        kinds=[_kind(key) for key in details.get("kinds", "").split(".") if key],
        count=details.get("count", ""),
        subject=_subject(details),
    )


def _kind(key: str) -> str:
    found = registry.categories().get(key)
    return _(found.label) if found else key


def _subject(details: dict[str, str]) -> str:
    """The message that was looked at, if it was one; the workspace itself needs no name here."""
    kinds = details.get("kinds", "")
    if "object" not in details or not kinds.startswith("delivery_meta"):
        return ""
    return ids.encode(ids.MESSAGE, UUID(details["object"]))


def _here(request: HttpRequest) -> UUID:
    workspace: UUID = request.workspace.id  # type: ignore[attr-defined]  # set by accounts.middleware
    return workspace
