"""Who may see a page: each view says so itself, and a test finds those that do not."""

import datetime as dt
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import logout
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import HttpResponseClientRedirect

from smsplatform.lib import clock
from smsplatform.lib.tenancy import staff

View = Callable[..., HttpResponse]
SESSION_MODE = "livemode"
STAFF_SEEN = "staff_seen_at"  # in the session, ISO 8601
STAFF_IDLE = dt.timedelta(minutes=15)
NOTED_EVERY = dt.timedelta(minutes=1)
CONFIRMED = "confirmed_at"  # in the session since signing in; see accounts.reauth
ONWARD = "onward"  # in the session: where somebody wanted to go before they signed up


def page(
    *, permission: str | None = None, second_factor: bool = True, enrolling: bool = False, outside: bool = False
) -> Callable[[View], View]:
    """A page for people who have signed in, in their workspace when it needs a ``permission`` there.

    Whoever has a second factor must have used it first, and staff must have one. Only the pages that ask for it waive
    that, and those that set it up (``enrolling``) for staff who have none yet. A workspace can require one of its
    members. A page that is ``outside`` runs without the database scope of the person's workspace, because it enters or
    makes another one, or must keep what it wrote when it refuses.
    """

    def declare(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            request.livemode = livemode(request)  # type: ignore[attr-defined]  # our attribute on Django's request
            answer = _elsewhere(request, permission, second_factor, enrolling)
            if answer is None:
                answer = view(request, *args, **kwargs)
            patch_cache_control(answer, private=True, no_store=True)
            return answer

        guarded.access = permission or "signed in"  # type: ignore[attr-defined]  # read by the test of all routes
        guarded.outside = outside  # type: ignore[attr-defined]  # read by accounts.middleware
        return guarded

    return declare


def staff_page(*roles: str) -> Callable[[View], View]:
    """A page of the staff console, for staff in one of ``roles`` (none given: any) who used their second factor.

    To everybody else it is not there. It runs outside of any workspace, and closed to customers' data: for that a view
    needs a grant as well (``accounts.looks``). Who did nothing here for a quarter of an hour signs in again.
    """

    def declare(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            request.livemode = True  # type: ignore[attr-defined]  # our attribute on Django's request
            with staff.console():
                answer = _staff_elsewhere(request, roles) or view(request, *args, **kwargs)
            patch_cache_control(answer, private=True, no_store=True)
            return answer

        guarded.access = "staff"  # type: ignore[attr-defined]  # read by the test of all routes
        guarded.roles = roles  # type: ignore[attr-defined]  # likewise
        guarded.outside = True  # type: ignore[attr-defined]  # read by accounts.middleware
        return guarded

    return declare


def public(view: View) -> View:
    """A page that anybody may see."""
    view.access = "public"  # type: ignore[attr-defined]  # read by the test of all routes
    return view


def outside(view: View) -> View:
    """A public page that runs without the database scope of the person's workspace."""
    view.outside = True  # type: ignore[attr-defined]  # read by accounts.middleware
    return view


def livemode(request: HttpRequest) -> bool:
    """The mode a person works in. Until they choose: test in the demo, live elsewhere."""
    return bool(request.session.get(SESSION_MODE, not settings.DEMO))


def onward(request: HttpRequest) -> str:
    """Where somebody wanted to go before they had to sign in: a path of ours, or the start page."""
    wanted = request.POST.get("next") or request.GET.get("next") or request.session.get(ONWARD) or "/"
    return wanted if url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) else "/"


def _elsewhere(
    request: HttpRequest, permission: str | None, second_factor: bool, enrolling: bool
) -> HttpResponse | None:
    """Where to go instead, or None when the page may be shown. Raises PermissionDenied."""
    if not request.user.is_authenticated:
        return _go(request, f"{reverse('sign_in')}?{urlencode({'next': request.path})}")
    owed = second_factor and owes_second_step(request)
    if owed and (request.user.second_factor or not enrolling):
        return _go(request, f"{reverse('second_factor')}?{urlencode({'next': _returnable(request)})}")
    if permission is None:
        return None
    place = request.workspace  # type: ignore[attr-defined]  # set by accounts.middleware
    if place is None:
        return _go(request, reverse("no_workspace"))
    if lacks_factor(request):
        return _go(request, reverse("factor_required"))
    if not place.allows(permission):
        raise PermissionDenied
    return None


def _staff_elsewhere(request: HttpRequest, roles: tuple[str, ...]) -> HttpResponse | None:
    """Where to go instead, or None. Raises Http404 for who does not work here, PermissionDenied for other roles."""
    if not request.user.is_authenticated:
        return _go(request, f"{reverse('sign_in')}?{urlencode({'next': request.path})}")
    if not request.user.is_staff:
        raise Http404
    if not request.user.is_verified():  # type: ignore[attr-defined]  # set by OTPMiddleware
        return _go(request, f"{reverse('second_factor')}?{urlencode({'next': _returnable(request)})}")
    if _is_idle(request, clock.now()):
        logout(request)
        return _go(request, f"{reverse('sign_in')}?{urlencode({'next': request.path})}")
    if roles and request.user.staff_role not in roles:
        raise PermissionDenied
    return None


def _is_idle(request: HttpRequest, at: dt.datetime) -> bool:
    """Whether a member of the staff did nothing here for too long; what they do now counts from now."""
    said = request.session.get(STAFF_SEEN) or request.session.get(CONFIRMED)
    seen = dt.datetime.fromisoformat(said) if said else None
    if seen is None or not at - seen < STAFF_IDLE:
        return True
    if STAFF_SEEN not in request.session or at - seen > NOTED_EVERY:
        request.session[STAFF_SEEN] = at.isoformat()
    return False


def owes_second_step(request: HttpRequest) -> bool:
    """Whether somebody signed in, and has a second factor or works here, but has not used one in this session."""
    user = request.user
    return (user.is_staff or user.second_factor) and not user.is_verified()  # type: ignore[union-attr]  # OTPMiddleware; called for people only


def lacks_factor(request: HttpRequest) -> bool:
    """Whether the workspace requires a second factor of its members and this one has none."""
    place = request.workspace  # type: ignore[attr-defined]  # set by accounts.middleware
    return place is not None and place.require_second_factor and not request.user.second_factor  # type: ignore[union-attr]  # as above


def _returnable(request: HttpRequest) -> str:
    return request.get_full_path() if request.method == "GET" else "/"


def _go(request: HttpRequest, url: str) -> HttpResponse:
    """A redirect; inside htmx one of the whole page."""
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)  # type: ignore[attr-defined]  # django_htmx
