"""Signing in and out."""

from django.contrib.auth import authenticate, login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import backoff
from accounts.access import page, public
from accounts.forms.signin import SignInForm
from accounts.models.user import normalise_email

FREE_PER_ACCOUNT = 5
FREE_PER_ADDRESS = 30  # many people may share one


@public
@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """E-mail and password. One answer for every failure, so that it does not tell who has an account."""
    onward = _onward(request)
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


def _try(request: HttpRequest, form: SignInForm) -> int:
    """Sign in if the password is right; the status to answer with."""
    email, password = form.cleaned_data["email"], form.cleaned_data["password"]
    account = backoff.Subject(kind="account", name=normalise_email(email), free=FREE_PER_ACCOUNT)
    address = backoff.Subject(
        kind="address", name=backoff.network(request.META.get("REMOTE_ADDR", "")), free=FREE_PER_ADDRESS
    )
    if wait := backoff.admit([account, address]):
        form.add_error(None, _too_many(wait))
        return 429
    user = authenticate(request, username=email, password=password)
    if user is None:
        form.add_error(None, _("E-mail and password do not match an account."))
        return 422
    backoff.forget(account)
    backoff.take_back(address)
    login(request, user)
    return 302


def _too_many(wait: int) -> str:
    if wait < 60:
        text = ngettext("Try again in %(count)d second.", "Try again in %(count)d seconds.", wait) % {"count": wait}
    else:
        minutes = -(-wait // 60)
        text = ngettext("Try again in %(count)d minute.", "Try again in %(count)d minutes.", minutes) % {
            "count": minutes
        }
    return _("Too many attempts.") + " " + text


def _onward(request: HttpRequest) -> str:
    """Where to go afterwards: a path of ours, or the start page."""
    wanted = request.POST.get("next") or request.GET.get("next") or "/"
    return wanted if url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) else "/"
