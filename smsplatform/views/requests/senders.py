"""Who texted a number, for whoever showed that it is theirs; and the end of that, for one or for all."""

import datetime as dt
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.access import outside, public
from messaging import recipients
from messaging.recipients import Texted
from privacy.models import IdentityProof
from privacy.models.data_request import About, Kind
from privacy.requests import desk, fulfilling, tickets
from privacy.requests.proofs import Identity
from smsplatform.lib import clock, ids
from smsplatform.views.requests import visitor


@public
@outside
@never_cache
@require_GET
def senders(request: HttpRequest) -> HttpResponse:
    """Workspaces, dates and counts; no texts."""
    at = clock.now()
    proof = _phone(request, at)
    if proof is None:
        return redirect("privacy_find")
    rows = [(ids.encode(ids.WORKSPACE, one.workspace), one) for one in _texted(proof, at)]
    context = {"rows": rows, "number": proof.identity, "all_stopped": all(one.stopped for _id, one in rows)}
    return render(request, "requests/senders.html", context)


@public
@outside
@require_POST
def stop(request: HttpRequest) -> HttpResponse:
    """An objection to one of them, or to all: a request like any other, mostly fulfilled at once."""
    at = clock.now()
    proof = _phone(request, at)
    if proof is None:
        return redirect("privacy_find")
    chosen = _chosen(request.POST.get("workspace", ""), _texted(proof, at))
    if not chosen:
        messages.warning(request, _("This sender is not on the list any more."))
        return redirect("privacy_senders")
    identity = Identity(kind="phone", value=proof.identity)
    made = desk.receive(kind=Kind.OBJECTION, about=About.RECIPIENT, identity=identity, locale=proof.locale, at=at)
    desk.prove(made, how="phone", at=at)
    tickets.forward(made, chosen, at=at)
    messages.success(request, _("Done. They cannot text you through this platform any more."))
    return redirect("privacy_senders")


def _phone(request: HttpRequest, at: dt.datetime) -> IdentityProof | None:
    proof = visitor.proof(request, at=at)
    return proof if proof and proof.kind == "phone" else None


def _texted(proof: IdentityProof, at: dt.datetime) -> list[Texted]:
    return recipients.texted(proof.identity, fulfilling.workspaces(proof.identity), at=at)


def _chosen(public_id: str, known: list[Texted]) -> list[UUID]:
    """Whom it is about: only workspaces that are on the person's own list."""
    return [
        one.workspace
        for one in known
        if not one.stopped and public_id in ("all", ids.encode(ids.WORKSPACE, one.workspace))
    ]
