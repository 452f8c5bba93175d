"""The demo's mailbox: what was sent, and how every mail there is looks. Outside the demo these pages do not exist.

Whoever reaches the demo may look, since a person who has just signed up has no other way to their confirmation.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts.access import livemode, public
from smsplatform.lib import ids, mail, outbox

PREFIX = "eml"
# Mails carry their styles on the elements, and a click on a link must leave the frame. Nothing else is allowed.
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; base-uri 'none'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation"
)
View = Callable[..., HttpResponse]


def demo_only(view: View) -> View:
    """Not found outside the demo."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not settings.DEMO:
            raise Http404
        request.livemode = livemode(request)  # type: ignore[attr-defined]  # our attribute on Django's request
        return view(request, *args, **kwargs)

    return public(never_cache(require_GET(guarded)))


@demo_only
def outbox_list(request: HttpRequest) -> HttpResponse:
    """Mails sent, the newest first."""
    mails = [(ids.encode(PREFIX, kept.id), kept) for kept in outbox.newest()]
    return render(request, "smsplatform/outbox.html", {"mails": mails, "frame": _frame(request)})


@demo_only
def outbox_mail(request: HttpRequest, mail_id: str) -> HttpResponse:
    """One mail as it was sent."""
    return _framed(request, {"id": mail_id, "mail": _kept(mail_id)})


@demo_only
def outbox_html(request: HttpRequest, mail_id: str) -> HttpResponse:
    """The HTML part alone, for the frame."""
    return _alone(_kept(mail_id).html)


@demo_only
def preview_list(request: HttpRequest) -> HttpResponse:
    """Every mail there is."""
    mails = [(one, _sample(one.template)) for one in mail.registered()]
    return render(request, "smsplatform/outbox_previews.html", {"mails": mails, "frame": _frame(request)})


@demo_only
def preview(request: HttpRequest, template: str) -> HttpResponse:
    """One mail with sample values, in the language of the page."""
    return _framed(request, {"template": template, "mail": _sample(template)})


@demo_only
def preview_html(request: HttpRequest, template: str) -> HttpResponse:
    """Its HTML part alone, for the frame."""
    return _alone(_sample(template).html)


def _frame(request: HttpRequest) -> str:
    return "base.html" if request.user.is_authenticated else "gate.html"


def _kept(mail_id: str) -> outbox.Kept:
    try:
        found = outbox.find(ids.decode(PREFIX, mail_id))
    except ids.InvalidId:
        raise Http404 from None
    if found is None:
        raise Http404
    return found


def _sample(template: str) -> mail.Letter:
    sample = next((one.sample for one in mail.registered() if one.template == template), None)
    if sample is None:
        raise Http404
    return mail.render(template, sample, locale=get_language() or "")


def _framed(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    response = render(request, "smsplatform/outbox_mail.html", context | {"frame": _frame(request)})
    response._csp_update = {"frame-src": ["'self'"]}  # type: ignore[attr-defined]  # noqa: SLF001 - what csp.decorators.csp_update does
    return response


def _alone(html: str) -> HttpResponse:
    response = HttpResponse(html.replace("<head>", '<head><base target="_top">', 1))
    response["Content-Security-Policy"] = MAIL_POLICY
    response["X-Frame-Options"] = "SAMEORIGIN"
    return response
