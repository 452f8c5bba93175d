"""The same rights for people who have signed in: no proof but their session and who they just said they are."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods

from accounts.access import page
from accounts.models import User
from accounts.reauth import confirmed
from accounts.roles import Role
from privacy.models.data_request import About
from privacy.requests import desk, fulfilling
from privacy.requests.proofs import Identity
from smsplatform.lib import clock
from smsplatform.views.requests.forms import AskForm
from smsplatform.views.requests.tracking import LISTED_MAX


@page(outside=True)
@confirmed
@require_http_methods(["GET", "POST"])
def data(request: HttpRequest) -> HttpResponse:
    """What one can do oneself, what one can ask for, and what one has asked."""
    user, at, about = _user(request), clock.now(), _about(request)
    form = AskForm(request.POST if request.method == "POST" else None, about=about, signed_in=True)
    if form.is_valid():
        fields = form.cleaned_data
        made = desk.receive(
            kind=fields["kind"],
            about=about,
            identity=Identity(kind="mail", value=user.email.casefold()),
            user=user.pk,
            residence=fields["residence"],
            words=fields["words"],
            locale=get_language() or "",
            wish=form.wish,
            at=at,
        )
        desk.prove(made, how="session", at=at)
        fulfilling.start(made, at=at)
        return redirect("privacy_request", str(made))
    context = {"form": form, "rows": list(desk.mine(proof=None, user=user.pk)[:LISTED_MAX])}
    return render(request, "requests/own.html", context, status=422 if form.errors else 200)


def _about(request: HttpRequest) -> str:
    places = request.places  # type: ignore[attr-defined]  # set by accounts.middleware
    return About.ACCOUNT_HOLDER if not places or any(one.role == Role.OWNER for one in places) else About.TEAM_MEMBER


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
