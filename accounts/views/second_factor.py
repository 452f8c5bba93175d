"""The second step of signing in: a code or a passkey, for whoever has a factor. Staff without one set one up first."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django_otp import login
from django_otp.models import Device

from accounts import factors, reauth
from accounts.access import onward, owes_second_step, page
from accounts.forms.factors import CodeForm
from accounts.models import User
from accounts.views import waiting
from smsplatform.lib import clock


@page(second_factor=False, outside=True)
@require_http_methods(["GET", "POST"])
def second_factor(request: HttpRequest) -> HttpResponse:
    """Ask for the code; people who owe none have no business here."""
    user = request.user
    assert isinstance(user, User)
    if not owes_second_step(request):
        return redirect(onward(request))
    if not user.second_factor:
        return redirect("factor_required")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and (device := opened(request, form)):
        request.session.cycle_key()
        login(request, device)
        reauth.remember(request, at=clock.now())
        return redirect(onward(request))
    context = {"form": form, "held": factors.held(user), "next": onward(request)}
    return render(request, "accounts/second_factor.html", context, status=422 if form.errors else 200)


def opened(request: HttpRequest, form: CodeForm) -> Device | None:
    """The device that the code in ``form`` opens; the form says what is wrong with it."""
    if not form.is_valid():
        return None
    assert isinstance(request.user, User)
    try:
        device = factors.verify(user=request.user, code=form.cleaned_data["code"], at=clock.now())
    except factors.Slowly as error:
        form.add_error("code", waiting.too_many(error.wait))
        return None
    if device is None:
        form.add_error("code", _("This code is not right or was used before. Wait for the next one."))
    return device
