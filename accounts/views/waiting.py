"""Slowing down whoever asks too often, and saying so."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import backoff, letters
from accounts.forms.signup import AddressForm
from accounts.models.user import normalise_email
from smsplatform.lib.tasks import GuardedTask

FREE_PER_NAME = 3
FREE_PER_ADDRESS = 20  # many people may share one


def address_of(request: HttpRequest, kind: str, *, free: int = FREE_PER_ADDRESS) -> backoff.Subject:
    """The network a request comes from."""
    return backoff.Subject(kind=kind, name=backoff.network(request.META.get("REMOTE_ADDR", "")), free=free)


def admit_mail(request: HttpRequest, email: str) -> int:
    """Count a wish for a mail to ``email``, known or not; the seconds to wait, or 0."""
    name = backoff.Subject(kind="mail", name=normalise_email(email), free=FREE_PER_NAME)
    return backoff.admit([name, address_of(request, "mail-address")])


def too_many(wait: int) -> str:
    """What to tell them."""
    if wait < 60:
        text = ngettext("Try again in %(count)d second.", "Try again in %(count)d seconds.", wait) % {"count": wait}
    else:
        minutes = -(-wait // 60)
        text = ngettext("Try again in %(count)d minute.", "Try again in %(count)d minutes.", minutes) % {
            "count": minutes
        }
    return _("Too many attempts.") + " " + text


def asked_for_mail(request: HttpRequest, letter: GuardedTask, *, template: str, sent: str) -> HttpResponse:
    """A form for an address that ``letter`` then goes to. One answer, whether or not the address has an account."""
    form = AddressForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        email = form.cleaned_data["email"]
        if wait := admit_mail(request, email):
            form.add_error(None, too_many(wait))
        else:
            letters.post(letter, address=letters.to_address(email))
            return redirect(sent)
    return render(request, template, {"form": form}, status=422 if form.errors else 200)
