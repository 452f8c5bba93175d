"""Who are you, once more: before what a thief of the session would do first."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import backoff, reauth
from accounts.access import page
from accounts.forms.reauth import ConfirmForm
from accounts.models import User
from smsplatform.lib import clock

FREE_PROOFS = 5


@page(outside=True)
@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "POST"])
def confirm(request: HttpRequest) -> HttpResponse:
    """Ask for the password, and go back to where the person was."""
    onward = _onward(request)
    form = ConfirmForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = _try(request, form) if form.is_valid() else 422
        if status == 302:
            return redirect(onward)
    return render(request, "accounts/confirm.html", {"form": form, "next": onward}, status=status)


def _try(request: HttpRequest, form: ConfirmForm) -> int:
    """The status to answer with; 302 when it is them."""
    assert isinstance(request.user, User)
    subject = backoff.Subject(kind="proof", name=str(request.user.pk), free=FREE_PROOFS)
    if wait := backoff.admit([subject]):
        form.add_error("password", too_many(wait))
        return 429
    if not request.user.check_password(form.cleaned_data["password"]):
        form.add_error("password", _("This is not your password."))
        return 422
    backoff.forget(subject)
    reauth.remember(request, at=clock.now())
    return 302


def too_many(wait: int) -> str:
    """How long to wait, in words."""
    minutes = -(-wait // 60)
    text = ngettext("Try again in %(count)d minute.", "Try again in %(count)d minutes.", minutes) % {"count": minutes}
    return _("Too many attempts.") + " " + text


def _onward(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next") or "/"
    return wanted if url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) else "/"
