"""What the scripts of passkeys talk to: the library's four questions, with our rules around them.

Registering needs somebody who has just confirmed who they are, and is told and written down like every new factor.
Using one ends the second step, signs in without a password, or confirms who somebody is.
"""

import json
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST
from django.views.i18n import JavaScriptCatalog
from django_otp_webauthn import exceptions, views
from django_otp_webauthn.models import WebAuthnCredential

from accounts import devices, factors, reauth
from accounts.access import outside, page, public
from accounts.session_store import DEVICE
from accounts.views.factors import PASSKEY
from smsplatform.lib import clock, ids


class NotConfirmed(exceptions.OTPWebAuthnApiError):  # type: ignore[misc]  # the library is untyped
    """The ten minutes are over."""

    status_code = 403
    default_code = "not_confirmed"
    default_detail = _("Load this page again and confirm that it is you.")


class TooMany(exceptions.OTPWebAuthnApiError):  # type: ignore[misc]  # the library is untyped
    """Enough is enough."""

    status_code = 409
    default_code = "too_many"
    default_detail = _("You have ten passkeys. Remove one first.")


class _Registration:
    """Who may add a passkey."""

    request: Any

    def check_can_register(self) -> None:
        if not reauth.is_confirmed(self.request, at=clock.now()):
            raise NotConfirmed
        if WebAuthnCredential.objects.filter(user=self.request.user).count() >= factors.PASSKEYS_MAX:
            raise TooMany


class _BeginRegistration(_Registration, views.BeginCredentialRegistrationView):  # type: ignore[misc]  # untyped library
    pass


class _CompleteRegistration(_Registration, views.CompleteCredentialRegistrationView):  # type: ignore[misc]  # untyped
    @method_decorator(transaction.atomic)
    def post(self, *args: Any, **options: Any) -> HttpResponse:
        """Registers, names it after the browser until the person does, and says where they can."""
        made = json.loads(super().post(*args, **options).content)
        named = factors.add_passkey(
            user=self.request.user,
            passkey=WebAuthnCredential.objects.get(pk=made["id"]),
            name=devices.label(self.request.session.get(DEVICE, "")),
            at=clock.now(),
        )
        where = reverse("passkey_name", args=[ids.encode(PASSKEY, named.pk)])
        return JsonResponse({**made, "redirect_url": where})


class _CompleteAuthentication(views.CompleteCredentialAuthenticationView):  # type: ignore[misc]  # untyped library
    def complete_auth(self, device: WebAuthnCredential) -> None:
        """The library has checked that the passkey is this person's when somebody is signed in."""
        if self.request.user.is_authenticated:
            self.request.session.cycle_key()
        super().complete_auth(device)
        reauth.remember(self.request, at=clock.now())
        reauth.note_factor(self.request, at=clock.now())

    def get_success_url_allowed_hosts(self) -> set[str]:
        return set()

    def get_success_url(self) -> str:
        return self.get_redirect_url() or "/"


_signed_in = page(second_factor=False, outside=True)
register_begin = _signed_in(require_POST(_BeginRegistration.as_view()))
register_complete = _signed_in(require_POST(_CompleteRegistration.as_view()))
use_begin = public(outside(require_POST(views.BeginCredentialAuthenticationView.as_view())))
use_complete = public(outside(require_POST(_CompleteAuthentication.as_view())))


@public
@require_GET
def words(request: HttpRequest) -> HttpResponse:
    """What the scripts say, in the reader's language."""
    return JavaScriptCatalog.as_view(packages=["django_otp_webauthn"])(request)  # type: ignore[return-value]  # not a stream
