"""The proof of one entry of a workspace's activity: that it stands in the log whose roots are signed and public.

Whether the entry is the workspace's is asked in its own scope; only then is the sealed log read, by the role that may.
The file holds the entry as it was sealed, and therefore the ids of the people in it.
"""

from typing import Any
from uuid import UUID

from django.db import connections
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts import activity, oversight
from accounts.access import page
from accounts.roles import Permission
from privacy.models import AuditEvent
from privacy.sealing import proofs, signing
from privacy.sealing.stored import StoredLog
from smsplatform.lib import lookups

Proof = dict[str, Any]


@page(permission=Permission.ACTIVITY_READ)
@require_GET
def event(request: HttpRequest, activity_id: str) -> HttpResponse:
    """The entry, and where it is in the sealed log."""
    row = _found(request, activity_id)
    with connections[oversight.AUDIT].cursor() as cursor:
        log = StoredLog(cursor)
        proof, seal = _proof(log, row.pk), proofs.sealed_in(log, row.pk)
    context = {
        "entry": activity.shown([row])[0], "details": sorted(row.details.items()), "proof": proof, "seal": seal,
        "wrong": proofs.check(proof, signing.verifier()) if proof else "",
    }  # fmt: skip
    return render(request, "accounts/activity_event.html", context)


@page(permission=Permission.ACTIVITY_READ)
@require_GET
def proof(request: HttpRequest, activity_id: str) -> HttpResponse:
    """The proof as a file, for anybody who has the public key."""
    row = _found(request, activity_id)
    with connections[oversight.AUDIT].cursor() as cursor:
        made = _proof(StoredLog(cursor), row.pk)
    if made is None:
        raise Http404
    response = JsonResponse(made, json_dumps_params={"indent": 1})
    response["Content-Disposition"] = f'attachment; filename="{activity_id}.proof.json"'
    return response


def _found(request: HttpRequest, activity_id: str) -> AuditEvent:
    workspace = request.workspace.id  # type: ignore[attr-defined]  # set by accounts.middleware
    return lookups.find(activity.matching(workspace, activity.Wanted(), None), activity.EVENT, activity_id)


def _proof(log: StoredLog, event_id: UUID) -> Proof | None:
    """None while its day is not closed."""
    try:
        return proofs.of(log, event_id)
    except proofs.NotSealed:
        return None
