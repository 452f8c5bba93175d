"""Signing in and out."""

from uuid import UUID

from django.contrib.auth import authenticate, login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import backoff, evidence, letters, signup
from accounts.access import ONWARD, page, public
from accounts.access import onward as wanted
from accounts.forms.signin import SignInForm
from accounts.models import User
from accounts.models.user import normalise_email
from accounts.views import waiting
from smsplatform.lib import clock

FREE_PER_ACCOUNT = 5
FREE_PER_ADDRESS = 30  # many people may share one


@public
@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """E-mail and password. One answer for every failure, so that it does not tell who has an account."""
    onward = wanted(request)
    if request.method == "GET":
        if request.user.is_authenticated:
            return redirect(onward)
        return render(request, "accounts/sign_in.html", {"form": SignInForm(), "next": onward})
    form = SignInForm(request.POST)
    status = 422
    if form.is_valid():
        status = _try(request, form)
        if status == 302:
            return redirect(onward)
    return render(request, "accounts/sign_in.html", {"form": form, "next": onward}, status=status)


@page(second_factor=False)
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session here and on the server."""
    logout(request)
    return redirect("sign_in")


def ended(request: HttpRequest, *, user: UUID) -> None:
    """All sessions of a person ended. If this browser's was one, there is nothing left to keep a notice in."""
    if request.user.pk == user:
        logout(request)


def _try(request: HttpRequest, form: SignInForm) -> int:
    """Sign in if the password is right; the status to answer with."""
    email, password = form.cleaned_data["email"], form.cleaned_data["password"]
    account = backoff.Subject(kind="account", name=normalise_email(email), free=FREE_PER_ACCOUNT)
    address = waiting.address_of(request, "address", free=FREE_PER_ADDRESS)
    if wait := backoff.admit([account, address]):
        form.add_error(None, waiting.too_many(wait))
        return 429
    user = authenticate(request, username=email, password=password)
    if not isinstance(user, User):
        letters.post(evidence.refused, address=letters.to_address(email))
        form.add_error(None, _("E-mail and password do not match an account."))
        return 422
    backoff.forget(account)
    backoff.take_back(address)
    if user.email_confirmed_at is None:
        form.add_error(None, _("Confirm your address first: follow the link in the mail we sent you."))
        form.unconfirmed = True
        return 422
    signup.settle(user=user, at=clock.now())
    login(request, user)
    request.session.pop(ONWARD, None)
    return 302
