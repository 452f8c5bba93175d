"""Slowing down whoever asks too often, and saying so."""

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import backoff

FREE_PER_NAME = 3
FREE_PER_ADDRESS = 20  # many people may share one


def address_of(request: HttpRequest, kind: str, *, free: int = FREE_PER_ADDRESS) -> backoff.Subject:
    """The network a request comes from."""
    return backoff.Subject(kind=kind, name=backoff.network(request.META.get("REMOTE_ADDR", "")), free=free)


def admit_mail(request: HttpRequest, email: str) -> int:
    """Count a wish for a mail to ``email``, known or not; the seconds to wait, or 0."""
    name = backoff.Subject(kind="mail", name=email.strip().casefold(), free=FREE_PER_NAME)
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
