"""Setting up, naming and removing second factors. Each page asks first who the person is (``accounts.reauth``)."""

from typing import Any

import segno
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods
from django_otp import login

from accounts import factors
from accounts.access import page
from accounts.forms.factors import NameForm, SetupForm
from accounts.models import PasskeyName, TotpDevice, User
from accounts.reauth import confirmed
from accounts.views import waiting
from smsplatform.lib import clock, ids

PASSKEY = "pky"  # prefix of public ids


@page(enrolling=True, outside=True)
@require_GET
def required(request: HttpRequest) -> HttpResponse:
    """Why a second factor is needed here, and how to get one."""
    if request.user.is_verified():  # type: ignore[union-attr]  # OTPMiddleware adds it
        return redirect("/")
    return render(request, "accounts/factor_required.html")


@page(enrolling=True, outside=True)
@confirmed
@require_http_methods(["GET", "POST"])
def authenticator(request: HttpRequest) -> HttpResponse:
    """Show a new secret, and take the first code as proof that it arrived."""
    user = _user(request)
    device = factors.proposed_totp(user) if request.method == "POST" else None
    form = SetupForm(request.POST if device else None)
    if device and form.is_valid() and _took(user, device, form):
        login(request, device)
        request.session.cycle_key()
        return _onwards(request, user, _("Your authenticator is set up."))
    device = device or factors.propose_totp(user)
    context = {"form": form, "replaces": factors.held(user).totp, **_drawing(device)}
    return render(request, "accounts/factor_totp.html", context, status=422 if form.errors else 200)


@page(outside=True)
@confirmed
@require_http_methods(["GET", "POST"])
def remove_authenticator(request: HttpRequest) -> HttpResponse:
    """Ask, then forget the authenticator."""
    held = factors.held(_user(request))
    if held.totp is None:
        raise Http404
    if request.method == "GET":
        return render(request, "accounts/factor_remove.html", {"last": not held.passkeys})
    factors.remove_totp(user=_user(request), at=clock.now())
    messages.success(request, _("Your authenticator opens nothing any more."))
    return redirect("security")


@page(outside=True)
@confirmed
@require_http_methods(["GET", "POST"])
def codes(request: HttpRequest) -> HttpResponse:
    """Ten new recovery codes: shown in the answer to the form, and never again."""
    held = factors.held(_user(request))
    if not held.any:
        return redirect("security")
    made = factors.renew_codes(user=_user(request), at=clock.now()) if request.method == "POST" else []
    return render(request, "accounts/factor_codes.html", {"codes": made, "held": held})


@page(enrolling=True, outside=True)
@confirmed
@require_GET
def new_passkey(request: HttpRequest) -> HttpResponse:
    """The button that makes a passkey; the rest is between browser and ``accounts.views.passkeys``."""
    return render(request, "accounts/passkey_new.html")


@page(outside=True)
@require_http_methods(["GET", "POST"])
def name_passkey(request: HttpRequest, passkey_id: str) -> HttpResponse:
    """Call a passkey something."""
    named = _passkey(request, passkey_id)
    form = NameForm(request.POST or None, initial={"name": named.name})
    if request.method == "POST" and form.is_valid():
        factors.name_passkey(named=named, name=form.cleaned_data["name"])
        return _onwards(request, _user(request), _("Saved."))
    context = {"form": form, "passkey": named}
    return render(request, "accounts/passkey_name.html", context, status=422 if form.errors else 200)


@page(outside=True)
@confirmed
@require_http_methods(["GET", "POST"])
def remove_passkey(request: HttpRequest, passkey_id: str) -> HttpResponse:
    """Ask, then forget a passkey."""
    named, held = _passkey(request, passkey_id), factors.held(_user(request))
    if request.method == "GET":
        last = not held.totp and len(held.passkeys) == 1
        return render(request, "accounts/factor_remove.html", {"passkey": named, "last": last})
    factors.remove_passkey(user=_user(request), named=named, at=clock.now())
    messages.success(request, _("The passkey opens nothing any more."))
    return redirect("security")


def _took(user: User, device: TotpDevice, form: SetupForm) -> bool:
    try:
        code = "".join(form.cleaned_data["code"].split())
        if factors.confirm_totp(user=user, device=device, code=code, at=clock.now()):
            return True
        form.add_error("code", _("This code does not fit. Is the clock of your device right?"))
    except factors.Slowly as error:
        form.add_error("code", waiting.too_many(error.wait))
    return False


def _onwards(request: HttpRequest, user: User, said: str) -> HttpResponse:
    """To the recovery codes when there are none yet, because now is when they can be had."""
    messages.success(request, said)
    return redirect("security" if factors.held(user).codes_left is not None else "recovery_codes")


def _passkey(request: HttpRequest, passkey_id: str) -> PasskeyName:
    try:
        found = PasskeyName.objects.filter(pk=ids.decode(PASSKEY, passkey_id), passkey__user=_user(request))
    except ValueError:
        raise Http404 from None
    named = found.select_related("passkey").first()
    if named is None:
        raise Http404
    return named


def _drawing(device: TotpDevice) -> dict[str, Any]:
    """The secret in groups of four, and the set-up address as a drawing without style or size of its own."""
    drawing = segno.make(device.setup_url, error="m").svg_inline(omitsize=True, border=0)
    secret = device.secret
    groups = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
    return {"qr": SafeString(drawing), "secret": secret, "groups": groups}


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
