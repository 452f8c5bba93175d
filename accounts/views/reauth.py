"""Who are you, once more: before what a thief of the session would do first."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import backoff, factors, reauth
from accounts.access import onward, page
from accounts.forms.reauth import ConfirmForm
from accounts.models import User
from accounts.views import waiting
from smsplatform.lib import clock

FREE_PROOFS = 5


@page(enrolling=True, outside=True)
@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "POST"])
def confirm(request: HttpRequest) -> HttpResponse:
    """Ask for the password or a factor, and go back to where the person was."""
    assert isinstance(request.user, User)
    held = factors.held(request.user)
    factor = held.any and ("factor" in request.POST or "factor" in request.GET)
    form = ConfirmForm(request.POST or None, factor=factor)
    status = 200
    if request.method == "POST":
        status = _try(request.user, form) if form.is_valid() else 422
        if status == 302:
            reauth.remember(request, at=clock.now())
            if form.cleaned_data["code"] and not form.cleaned_data.get("password"):
                reauth.note_factor(request, at=clock.now())
            return redirect(onward(request))
    context = {"form": form, "next": onward(request), "held": held, "factor": factor}
    return render(request, "accounts/confirm.html", context, status=status)


def _try(user: User, form: ConfirmForm) -> int:
    """The status to answer with; 302 when it is them."""
    password, code = form.cleaned_data.get("password"), form.cleaned_data["code"]
    field = "password" if password or (not code and "password" in form.fields) else "code"
    subject = backoff.Subject(kind="proof", name=str(user.pk), free=FREE_PROOFS)
    try:
        if wait := backoff.admit([subject]):
            raise factors.Slowly(wait)
        right = _has_code(user, code) if field == "code" else user.check_password(password)
    except factors.Slowly as error:
        form.add_error(field, waiting.too_many(error.wait))
        return 429
    if not right:
        form.add_error(field, _wrong(field))
        return 422
    backoff.forget(subject)
    return 302


def _has_code(user: User, code: str) -> bool:
    return factors.verify(user=user, code="".join(code.split()), at=clock.now()) is not None


def _wrong(field: str) -> str:
    if field == "code":
        return _("This code is not right or was used before. Wait for the next one.")
    return _("This is not your password.")
