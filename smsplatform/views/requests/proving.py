"""Showing that a number or an address is one's own: a code by text, a link by mail."""

import datetime as dt
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from accounts import backoff
from accounts.access import outside, public
from accounts.views import waiting
from messaging import own_texts
from privacy.models import DataRequest, IdentityProof
from privacy.models.data_request import About
from privacy.requests import fulfilling, letters, proofs
from privacy.requests.proofs import Identity, NotShown
from smsplatform.lib import clock
from smsplatform.views.requests import visitor
from smsplatform.views.requests.forms import CodeForm, FindForm

FREE = 10


def ask(request: HttpRequest, identity: Identity, *, about: str, at: dt.datetime) -> HttpResponse:
    """Send what the identity is shown by, and go where it is awaited; the same whatever we hold."""
    proof = proofs.begin(identity=identity, about=about, locale=get_language() or "", at=at)
    request.session[visitor.ASKED] = str(proof.pk)
    if identity.kind == "mail":
        letters.post(letters.prove, proof=str(proof.pk))
        return redirect("privacy_sent")
    if proof.ordinal is not None:
        _text(proof, at)
    return redirect("privacy_code")


def _text(proof: IdentityProof, at: dt.datetime) -> None:
    """That nothing could be sent is in the log; on the page it would tell something about the number."""
    try:
        code = own_texts.send_code(to=proof.identity, digits=proofs.DIGITS, locale=proof.locale, at=at)
    except own_texts.NotSent:
        return
    proofs.arm(proof, code)


@public
@outside
@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    """The six digits; the fifth wrong try ends it."""
    asked = request.session.get(visitor.ASKED)
    if not asked:
        return redirect("privacy_find")
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        at = clock.now()
        try:
            proof = proofs.show(proof_id=UUID(asked), secret=form.cleaned_data["code"], at=at)
        except NotShown:
            form.add_error("code", _("This code is not right, or not good any more. Five wrong tries end it."))
        else:
            return _shown(request, proof, at)
    context = {"form": form, "demo": settings.DEMO}
    return render(request, "requests/code.html", context, status=422 if form.errors else 200)


@public
@outside
@require_GET
def sent(request: HttpRequest) -> HttpResponse:
    """Look at your mail."""
    return render(request, "requests/sent.html")


@public
@outside
@never_cache
@require_http_methods(["GET", "POST"])
def link(request: HttpRequest, token: str) -> HttpResponse:
    """The link of the mail. Programs that look into mails follow links, so a button does it."""
    at = clock.now()
    try:
        proof, secret = proofs.of_link(token, at=at)
        if request.method == "POST":
            return _shown(request, proofs.show(proof_id=proof.pk, secret=secret, at=at), at)
    except NotShown:
        return render(request, "requests/link_over.html", status=410)
    return render(request, "requests/link.html")


@public
@outside
@never_cache
@sensitive_post_parameters("number", "email")
@require_http_methods(["GET", "POST"])
def find(request: HttpRequest) -> HttpResponse:
    """Show again who one is, to see one's requests."""
    form = FindForm(request.POST if request.method == "POST" else None)
    status = 200
    if form.is_valid():
        if not (wait := backoff.admit([waiting.address_of(request, "privacy-request", free=FREE)])):
            identity = form.identity
            about = About.RECIPIENT if identity.kind == "phone" else About.VISITOR
            return ask(request, identity, about=about, at=clock.now())
        form.add_error(None, waiting.too_many(wait))
        status = 429
    status = 422 if form.errors and status == 200 else status
    return render(request, "requests/find.html", {"form": form}, status=status)


def _shown(request: HttpRequest, proof: IdentityProof, at: dt.datetime) -> HttpResponse:
    visitor.remember(request, proof)
    begun = fulfilling.proved(proof, at=at)
    return _next(begun)


def _next(begun: list[DataRequest]) -> HttpResponse:
    return redirect("privacy_request", str(begun[0])) if len(begun) == 1 else redirect("privacy_mine")
