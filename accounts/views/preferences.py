"""What a person chooses for themselves: workspace, mode, colours, language. Cookies are set only by choosing.

Colours and language are offered on pages that set no cookie, so their forms carry no token against forgery. The
browser says where a request comes from instead; one too old to say so could be made to change colours.
"""

from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts.access import SESSION_MODE, page, public
from accounts.middleware import SESSION_WORKSPACE
from accounts.models import User

THEME_COOKIE = "theme"
YEAR_SECONDS = 365 * 24 * 3600


@page()
@require_POST
def workspace(request: HttpRequest) -> HttpResponse:
    """Go to another of one's workspaces."""
    chosen = request.POST.get("workspace", "")
    if chosen not in {str(place.id) for place in request.places}:  # type: ignore[attr-defined]  # set by accounts.middleware
        raise Http404
    request.session[SESSION_WORKSPACE] = chosen
    return redirect("/")


@page()
@require_POST
def mode(request: HttpRequest) -> HttpResponse:
    """Work with live or with test messages."""
    request.session[SESSION_MODE] = request.POST.get("mode") == "live"
    return redirect(_section(request))


@public
@csrf_exempt
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Light, dark, or as the system says, which needs no cookie."""
    check_origin(request)
    response = redirect(back(request))
    chosen = request.POST.get("theme")
    if chosen in ("light", "dark"):
        _remember(response, THEME_COOKIE, chosen)
    else:
        response.delete_cookie(THEME_COOKIE)
    return response


@public
@csrf_exempt
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """One of the languages we speak; for the account too, if somebody is signed in."""
    check_origin(request)
    chosen = request.POST.get("language", "")
    if chosen not in dict(settings.LANGUAGES):
        raise Http404
    response = redirect(back(request))
    if isinstance(request.user, User):
        User.objects.filter(id=request.user.id).update(locale=chosen)
    _remember(response, settings.LANGUAGE_COOKIE_NAME, chosen)
    return response


def check_origin(request: HttpRequest) -> None:
    """Refuse what another site makes a browser send. Raises PermissionDenied."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise PermissionDenied


def _remember(response: HttpResponse, name: str, value: str) -> None:
    response.set_cookie(name, value, max_age=YEAR_SECONDS, samesite="Lax", secure=settings.SECURE)


def back(request: HttpRequest) -> str:
    """The page the form was on, as a path of ours."""
    parts = urlsplit(request.headers.get("Referer", ""))
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    return path if path and url_has_allowed_host_and_scheme(path, allowed_hosts=None) else "/"


def _section(request: HttpRequest) -> str:
    """The start of the section one was in: a message of the other mode does not exist in this one."""
    return "/" + back(request).lstrip("/").split("/")[0].split("?")[0]
