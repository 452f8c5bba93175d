"""Showing that a number, an address or a wallet is one's own: a code by text, a link by mail, a signature."""

import datetime as dt
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from accounts import backoff, team
from accounts.access import outside, public
from accounts.views import waiting
from billing import funding
from messaging import own_texts
from privacy.models import DataRequest, IdentityProof
from privacy.models.data_request import About
from privacy.requests import fulfilling, letters, proofs, wallets
from privacy.requests.proofs import Identity, NotShown
from smsplatform.lib import clock
from smsplatform.views.requests import visitor
from smsplatform.views.requests.forms import CodeForm, FindForm, SignatureForm

FREE = 10
FOUND = {"phone": About.RECIPIENT, "mail": About.VISITOR, "wallet": About.ACCOUNT_HOLDER}
UNSIGNED = _lazy(
    "This does not show it. Sign exactly this text with this wallet; a wallet that paid for several workspaces, or for "
    "one of several owners, cannot be used. After five tries or a signature that was right, ask for another text."
)


def ask(request: HttpRequest, identity: Identity, *, about: str, at: dt.datetime) -> HttpResponse:
    """Send what the identity is shown by, and go where it is awaited; the same whatever we hold."""
    begin = wallets.begin if identity.kind == "wallet" else proofs.begin
    proof = begin(identity=identity, about=about, locale=get_language() or "", at=at)
    request.session[visitor.ASKED] = str(proof.pk)
    if identity.kind == "wallet":
        return redirect("privacy_wallet")
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
@never_cache
@sensitive_post_parameters("signature")
@require_http_methods(["GET", "POST"])
def wallet(request: HttpRequest) -> HttpResponse:
    """The text to sign, and the signature. Whose wallet paid for nothing here is told the same as who cannot sign."""
    at, asked = clock.now(), request.session.get(visitor.ASKED)
    proof = wallets.waiting(UUID(asked), at=at) if asked else None
    if proof is None:
        return redirect("privacy_find")
    form = SignatureForm(request.POST if request.method == "POST" else None)
    status = 200
    if form.is_valid():
        if wait := backoff.admit([waiting.address_of(request, "privacy-wallet", free=FREE)]):
            form.add_error(None, waiting.too_many(wait))
            status = 429
        elif shown := _signed(proof, form.cleaned_data["signature"], at):
            return _shown(request, shown, at)
        else:
            form.add_error("signature", UNSIGNED)
    context = {"form": form, "text": wallets.text(proof), "wallet": proof.identity, "until": proof.expires_at}
    return render(request, "requests/wallet.html", context, status=422 if form.errors and status == 200 else status)


def _signed(proof: IdentityProof, signature: bytes, at: dt.datetime) -> IdentityProof | None:
    """The proof, if the signature is the wallet's and the wallet paid for one workspace, of one owner."""
    try:
        shown = wallets.show(proof_id=proof.pk, signature=signature, at=at)
    except NotShown:
        return None
    return shown if holder_of(shown) else None


def holder_of(proof: IdentityProof) -> UUID | None:
    """Whose account the wallet of a proof paid for; None for every other proof."""
    if proof.kind != "wallet":
        return None
    paid = funding.workspace_of(proof.identity)
    return team.only_owner(paid) if paid else None


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
@sensitive_post_parameters("number", "email", "wallet")
@require_http_methods(["GET", "POST"])
def find(request: HttpRequest) -> HttpResponse:
    """Show again who one is, to see one's requests."""
    form = FindForm(request.POST if request.method == "POST" else None)
    status = 200
    if form.is_valid():
        if not (wait := backoff.admit([waiting.address_of(request, "privacy-request", free=FREE)])):
            identity = form.identity
            return ask(request, identity, about=FOUND[identity.kind], at=clock.now())
        form.add_error(None, waiting.too_many(wait))
        status = 429
    status = 422 if form.errors and status == 200 else status
    return render(request, "requests/find.html", {"form": form}, status=status)


def _shown(request: HttpRequest, proof: IdentityProof, at: dt.datetime) -> HttpResponse:
    visitor.remember(request, proof)
    begun = fulfilling.proved(proof, holder=holder_of(proof), at=at)
    return _next(begun)


def _next(begun: list[DataRequest]) -> HttpResponse:
    return redirect("privacy_request", str(begun[0])) if len(begun) == 1 else redirect("privacy_mine")
