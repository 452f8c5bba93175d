"""Asking again who somebody is before they do what a thief of their session would do first.

A page that changes password, address, factors, keys, roles or the life of a workspace is wrapped in ``confirmed``,
inside ``page``:

    @page(permission=Permission.KEYS_WRITE)
    @confirmed
    @require_POST
    def create(request): ...

Signing in counts as confirming. Ten minutes later the person is asked for their password or a factor, and led back: to
the page itself, or, when what they sent was a form, to the page the form is on. What they had typed there is lost.
"""

import datetime as dt
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import HttpResponseClientRedirect

from smsplatform.lib import clock

View = Callable[..., HttpResponse]
CONFIRMED = "confirmed_at"  # in the session, ISO 8601
FACTOR = "factor_at"  # likewise: a second factor was used, and nothing has been done with that yet
KEPT = dt.timedelta(minutes=10)


def confirmed(view: View) -> View:
    """Let in who confirmed within ten minutes, and ask the others first. Goes inside ``page``."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if is_confirmed(request, at=clock.now()):
            return view(request, *args, **kwargs)
        return ask(request)

    return guarded


def is_confirmed(request: HttpRequest, *, at: dt.datetime) -> bool:
    """Whether the person proved who they are within the ten minutes before ``at``."""
    said = str(request.session.get(CONFIRMED, ""))
    return bool(said) and dt.timedelta(0) <= at - dt.datetime.fromisoformat(said) < KEPT


def remember(request: HttpRequest, *, at: dt.datetime) -> None:
    """The person has just proved who they are."""
    request.session[CONFIRMED] = at.isoformat()


def note_factor(request: HttpRequest, *, at: dt.datetime) -> None:
    """A second factor was used just now, for one step that wants one."""
    request.session[FACTOR] = at.isoformat()


def take_factor(request: HttpRequest) -> dt.datetime | None:
    """When a second factor was used; it counts once."""
    said = str(request.session.pop(FACTOR, ""))
    return dt.datetime.fromisoformat(said) if said else None


def factor_noted(request: HttpRequest, *, at: dt.datetime, within: dt.timedelta) -> bool:
    """Whether a second factor was used ``within`` the time before ``at``, and has not counted yet."""
    said = str(request.session.get(FACTOR, ""))
    return bool(said) and dt.timedelta(0) <= at - dt.datetime.fromisoformat(said) < within


def ask(request: HttpRequest, *, back: str = "", factor: bool = False) -> HttpResponse:
    """A redirect to the page that asks, for a second factor if nothing less does; inside htmx one of the whole page.

    Who was asked comes ``back``, or to where they were.
    """
    wanted = {"next": back or _form_page(request), **({"factor": "1"} if factor else {})}
    url = f"{reverse('confirm')}?{urlencode(wanted)}"
    return HttpResponseClientRedirect(url) if getattr(request, "htmx", False) else redirect(url)


def _form_page(request: HttpRequest) -> str:
    """Where to come back to: a path of ours that can be asked for with GET."""
    if request.method in ("GET", "HEAD") and not getattr(request, "htmx", False):
        return request.get_full_path()
    parts = urlsplit(request.headers.get("Referer", ""))
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    return path if path and url_has_allowed_host_and_scheme(path, allowed_hosts=None) else "/"


@receiver(user_logged_in, dispatch_uid="accounts.reauth")
def _signed_in(request: HttpRequest, **kwargs: Any) -> None:
    """Whoever signs in has just typed a password or used a passkey."""
    remember(request, at=clock.now())
