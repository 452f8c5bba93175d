"""Money, keys and senders of a workspace under a grant, and stopping what does harm."""

from uuid import UUID

from django.contrib import messages as notices
from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts import directory, suspending
from accounts.access import staff_page
from accounts.forms.grants import ReviewForm
from accounts.looks import granted, shown
from accounts.models import ApiKey
from accounts.models.user import StaffRole
from accounts.suspending import Cause
from billing.models import Transfer
from messaging import provisioning
from messaging.models import Sender
from smsplatform.lib import clock, ids, lookups
from smsplatform.lib.tenancy import scope, staff
from smsplatform.lib.tenancy.staff import Level
from smsplatform.staff_navigation import WORKERS

ROWS = 50
KEY_COLUMNS = ("id", "name", "livemode", "last4", "created_at", "revoked_at", "suspended_at", "last_used_at")
DECIDERS = (StaffRole.ADMIN, StaffRole.SUPPORT)


@staff_page(*WORKERS)
@granted(Level.METADATA)
@require_GET
def ledger(request: HttpRequest, workspace: UUID) -> HttpResponse:
    """What moved the wallets, newest first."""
    rows = Transfer.objects.filter(workspace_id=workspace)
    if before := request.GET.get("before", ""):
        rows = rows.filter(id__lt=lookups.named("txn", before))
    found = list(rows.order_by("-id", "kind")[: ROWS + 1])
    for row in found:
        of_message = row.kind in (Transfer.Kind.CHARGE, Transfer.Kind.REFUND)
        row.message = ids.encode(ids.MESSAGE, row.id) if of_message else ""  # type: ignore[attr-defined]  # for the page
    older = ids.encode("txn", found[ROWS - 1].id) if len(found) > ROWS else ""
    context = {"page": "ledger", "rows": found[:ROWS], "older": older}
    return shown(request, "staff/ledger.html", context, kinds=("money",), count=len(found[:ROWS]))


@staff_page(*WORKERS)
@granted(Level.METADATA)
@require_GET
def keys(request: HttpRequest, workspace: UUID) -> HttpResponse:
    """Names, last characters and states; never a secret, nor its digest."""
    rows = ApiKey.objects.filter(workspace_id=workspace).only(*KEY_COLUMNS).order_by("-id")[:ROWS]
    context = {"page": "keys", "keys": [(ids.encode(ids.KEY, row.pk), row) for row in rows]}
    return shown(request, "staff/keys.html", context, kinds=("workspace_meta",), count=len(context["keys"]))


@staff_page(*DECIDERS)
@granted(Level.METADATA)
@require_POST
def key_suspension(request: HttpRequest, workspace: UUID, key_id: str) -> HttpResponse:
    """Stop a key, or let it go on."""
    key, verb = lookups.named(ids.KEY, key_id), request.POST.get("act")
    act = suspending.suspend_key if verb == "suspend" else suspending.reinstate_key
    with scope.workspace(workspace):
        done = act(workspace=workspace, key=key, grant=_grant(request), by=_me(request), at=clock.now())
    if done:
        notices.success(request, _("The key is suspended.") if verb == "suspend" else _("The key works again."))
    else:
        notices.info(request, _("Nothing was changed."))
    return redirect("staff_keys", ids.encode(ids.WORKSPACE, workspace))


@staff_page(*DECIDERS)
@granted(Level.METADATA)
@require_POST
def suspend(request: HttpRequest, workspace: UUID) -> HttpResponse:
    """Stop everything the workspace sends."""
    cause = request.POST.get("for", "")
    if cause not in Cause.values:
        notices.error(request, _("Choose why the workspace is suspended."), extra_tags="bad")
    else:
        with scope.workspace(workspace):
            suspending.suspend(
                workspace=workspace, cause=Cause(cause), grant=_grant(request), by=_me(request), at=clock.now()
            )
        notices.success(request, _("Suspended. Nothing is accepted from this workspace."))
    return redirect("staff_workspace", ids.encode(ids.WORKSPACE, workspace))


@staff_page(*DECIDERS)
@granted(Level.METADATA)
@require_POST
def reinstate(request: HttpRequest, workspace: UUID) -> HttpResponse:
    """Let the workspace go on."""
    with scope.workspace(workspace):
        suspending.reinstate(workspace=workspace, grant=_grant(request), by=_me(request), at=clock.now())
    notices.success(request, _("The suspension is lifted."))
    return redirect("staff_workspace", ids.encode(ids.WORKSPACE, workspace))


@staff_page(*WORKERS)
@require_GET
def sender_reviews(request: HttpRequest) -> HttpResponse:
    """Which workspaces wait for a review, longest first; no more is known here than that they wait."""
    with connections[staff.ALIAS].cursor() as cursor:
        cursor.execute("SELECT workspace_id, kind, created_at FROM pipeline.senders_in_review(%s)", [ROWS])
        rows = cursor.fetchall()
    names, kinds = directory.names({row[0] for row in rows}), dict(Sender.Kind.choices)
    waiting = [
        {
            "workspace": names.get(workspace, ""),
            "workspace_id": ids.encode(ids.WORKSPACE, workspace),
            "kind": kinds.get(kind, kind),
            "created_at": created_at,
        }
        for workspace, kind, created_at in rows
    ]
    return render(request, "staff/senders.html", {"waiting": waiting})


@staff_page(*WORKERS)
@granted(Level.METADATA)
@require_GET
def senders(request: HttpRequest, workspace: UUID) -> HttpResponse:
    """The workspace's senders, what they are for, and what was decided."""
    return _senders(request, workspace)


@staff_page(*DECIDERS)
@granted(Level.METADATA)
@require_POST
def decide_sender(request: HttpRequest, workspace: UUID, sender_id: str) -> HttpResponse:
    """Approve or reject; a rejection says why."""
    form = ReviewForm(request.POST)
    if not form.is_valid():
        return _senders(request, workspace, form=form, faulty=sender_id, status=422)
    with scope.workspace(workspace):
        rows = Sender.objects.using("default").select_for_update()
        sender = lookups.find(rows.filter(state=Sender.State.REVIEW), ids.SENDER, sender_id)
        approved, reason = form.cleaned_data["decision"] == "approve", form.cleaned_data["reason"].strip()
        provisioning.decide_sender(
            sender=sender, approved=approved, reason="" if approved else reason, by=_me(request), at=clock.now()
        )
    notices.success(request, _("Approved.") if approved else _("Rejected. The workspace reads why."))
    return redirect("staff_workspace_senders", ids.encode(ids.WORKSPACE, workspace))


def _senders(
    request: HttpRequest, workspace: UUID, *, form: ReviewForm | None = None, faulty: str = "", status: int = 200
) -> HttpResponse:
    rows = Sender.objects.filter(workspace_id=workspace).exclude(state=Sender.State.WITHDRAWN).order_by("-id")[:ROWS]
    listed = [(ids.encode(ids.SENDER, row.pk), row) for row in rows]
    context = {"page": "senders", "senders": listed, "form": form, "faulty": faulty}
    return shown(request, "staff/workspace_senders.html", context, kinds=("sender",), count=len(listed), status=status)


def _grant(request: HttpRequest) -> UUID:
    grant: UUID = request.look.grant.pk  # type: ignore[attr-defined]  # set by granted
    return grant


def _me(request: HttpRequest) -> UUID:
    assert request.user.pk is not None
    return request.user.pk
