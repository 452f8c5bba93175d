"""The way in: who you are, what you want. One answer, whether or not we hold anything."""

import datetime as dt
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import backoff
from accounts.access import outside, public
from accounts.views import waiting
from messaging import own_texts
from privacy.consent import choices, cookies, visits
from privacy.consent.choices import Choices
from privacy.models import ConsentRecord, DataRequest, IdentityProof
from privacy.models.data_request import About, Kind
from privacy.requests import desk, fulfilling
from smsplatform.lib import clock
from smsplatform.views.requests import proving, visitor
from smsplatform.views.requests.forms import AskForm

FREE = 10  # requests of one network before each waits longer than the one before
ICONS = {
    About.RECIPIENT: "device-phone-mobile",
    About.ACCOUNT_HOLDER: "user-circle",
    About.TEAM_MEMBER: "user-group",
    About.CONTACT: "identification",
    About.VISITOR: "eye",
}


@public
@outside
@never_cache
@sensitive_post_parameters("number", "email", "wallet", "words")
@require_http_methods(["GET", "POST"])
def centre(request: HttpRequest) -> HttpResponse:
    """First who asks, then what they want."""
    about = request.GET.get("who", "")
    if not about:
        who = [(choice, label, ICONS[About(choice)]) for choice, label in About.choices]
        return render(request, "requests/who.html", {"who": who})
    if about not in About.values:
        raise Http404
    form = AskForm(
        request.POST if request.method == "POST" else None, about=about, consent=_said(request).record,
        initial=_initial(request),
    )  # fmt: skip
    if not form.is_valid():
        return _page(request, form, about, status=422 if form.is_bound else 200)
    if wait := backoff.admit([waiting.address_of(request, "privacy-request", free=FREE)]):
        form.add_error(None, waiting.too_many(wait))
        return _page(request, form, about, status=429)
    return _asked(request, form, about)


def _asked(request: HttpRequest, form: AskForm, about: str) -> HttpResponse:
    """Keep the request, and ask for the proof it needs."""
    at, fields, identity = clock.now(), form.cleaned_data, form.identity
    made = desk.receive(
        kind=fields["kind"],
        about=about,
        identity=identity,
        residence=fields["residence"],
        words=fields["words"],
        locale=get_language() or "",
        wish=form.wish,
        at=at,
    )
    if made.kind in desk.UNPROVED_KINDS:
        desk.prove(made, how="", at=at)
        visitor.raised(request, made)
        return redirect("privacy_request", str(made))
    if form.consent is not None or identity is None:
        return _on_record(request, made, at)
    desk.await_proof(made, at=at)
    shown = visitor.proof(request, at=at)
    if shown is not None and bytes(shown.identity_idx) == identity.index:
        return _go_on(made, shown)
    return proving.ask(request, identity, about=about, at=at)


def _on_record(request: HttpRequest, made: DataRequest, at: dt.datetime) -> HttpResponse:
    """The browser that holds the record of a visitor is the proof; what it says takes effect in this response."""
    desk.prove(made, how="cookie", at=at)
    visitor.raised(request, made)
    said = _said(request)
    response = redirect("privacy_request", str(made))
    if made.kind in (Kind.OBJECTION, Kind.OPT_OUT_OF_SALE):
        said = choices.decide(
            said, functional=said.functional is not False, analytics=False, language=get_language() or "en",
            method=ConsentRecord.Method.PAGE, at=at,
        )  # fmt: skip
        choices.remember(said, response)
    fulfilling.start(made, at=at)
    if made.kind == Kind.ERASURE:
        said = Choices(gpc=said.gpc)
        _forget(request, response)
    request.consent = said  # type: ignore[attr-defined]  # the middleware withdraws in this very response
    return response


def _forget(request: HttpRequest, response: HttpResponse) -> None:
    """The cookies by which this browser could be known again, and what was counted under them."""
    for name in (settings.COOKIE_CONSENT_NAME, cookies.VISIT_COOKIE):
        response.delete_cookie(name)
    try:
        visits.forget(UUID(hex=request.COOKIES.get(cookies.VISIT_COOKIE, "")))
    except ValueError:
        return  # there was no visit


def _said(request: HttpRequest) -> Choices:
    return request.consent  # type: ignore[attr-defined,no-any-return]  # set by privacy.consent.middleware


def _go_on(made: DataRequest, shown: IdentityProof) -> HttpResponse:
    """Whoever showed it lately is not asked again."""
    fulfilling.proved(shown, holder=proving.holder_of(shown), at=clock.now())
    return redirect("privacy_request", str(made))


def _page(request: HttpRequest, form: AskForm, about: str, *, status: int) -> HttpResponse:
    texts = about in fulfilling.TEXTED
    context = {
        "form": form,
        "about": About(about),
        "texts": texts,
        "away": texts and own_texts.workspace() is None,
    }
    return render(request, "requests/ask.html", context, status=status)


def _initial(request: HttpRequest) -> dict[str, str]:
    return {"kind": request.GET.get("what", "")}
