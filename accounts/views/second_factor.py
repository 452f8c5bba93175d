"""The second step of staff: a code from an authenticator before any page. The first time, they set it up."""

import base64

import segno
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django_otp import login
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.access import page
from accounts.forms.signin import CodeForm


@page(second_factor=False)
@require_http_methods(["GET", "POST"])
def second_factor(request: HttpRequest) -> HttpResponse:
    """Ask for the code; people without a staff role have no business here."""
    if not request.user.is_staff or request.user.is_verified():  # type: ignore[attr-defined]  # OTPMiddleware
        return redirect("/")
    device = _device(request)
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if device.verify_is_allowed()[0] and device.verify_token(form.cleaned_data["code"]):
            return _passed(request, device)
        form.add_error("code", _("This code is not right or was used before. Wait for the next one."))
    context = {"form": form, "device": device} | ({} if device.confirmed else _setup(device))
    return render(request, "accounts/second_factor.html", context, status=422 if form.errors else 200)


def _device(request: HttpRequest) -> TOTPDevice:
    """The person's authenticator; a new unconfirmed one if there is none."""
    devices = TOTPDevice.objects.filter(user=request.user).order_by("-confirmed", "id")
    return devices.first() or TOTPDevice.objects.create(user=request.user, name="authenticator", confirmed=False)


def _passed(request: HttpRequest, device: TOTPDevice) -> HttpResponse:
    if not device.confirmed:
        device.confirmed = True
        device.save(update_fields=["confirmed"])
    request.session.cycle_key()
    login(request, device)
    return redirect("/")


def _setup(device: TOTPDevice) -> dict[str, str]:
    """The key in letters, and the set-up address as a drawing without style or size of its own."""
    drawing = segno.make(device.config_url, error="m").svg_inline(omitsize=True, border=0)
    return {"secret": base64.b32encode(device.bin_key).decode(), "qr": SafeString(drawing)}
