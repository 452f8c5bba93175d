"""A new password for somebody who forgot theirs."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from accounts import devices, letters, links
from accounts import password as passwords
from accounts.access import public
from accounts.forms.signup import NewPasswordForm
from accounts.views import waiting
from accounts.views.sessions import ended
from smsplatform.lib import clock


@public
@never_cache
@require_http_methods(["GET", "POST"])
def forgotten(request: HttpRequest) -> HttpResponse:
    """Ask for the mail. One answer, whether or not the address has an account."""
    return waiting.asked_for_mail(
        request, letters.reset, template="accounts/password_forgotten.html", sent="password_sent"
    )


@public
@require_GET
def sent(request: HttpRequest) -> HttpResponse:
    """Look at your mail."""
    return render(request, "accounts/password_sent.html")


@public
@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "POST"])
def reset(request: HttpRequest, token: str) -> HttpResponse:
    """The link of the mail: choose a password. Every session ends, and signing in still asks for other factors."""
    try:
        user = links.of_reset(token)
    except links.BadLink:
        return render(request, "accounts/link_over.html", {"again": "password_forgotten"}, status=410)
    form = NewPasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        device = devices.family(request.headers.get("User-Agent", ""))
        passwords.change(
            user=user, password=form.cleaned_data["password"], keep=None, device=device, by_mail=True, at=clock.now()
        )
        ended(request, user=user.pk)
        messages.success(request, _("Your password is changed. Sign in with the new one."))
        return redirect("sign_in")
    context = {"form": form, "email": user.email}
    return render(request, "accounts/password_reset.html", context, status=422 if form.errors else 200)
