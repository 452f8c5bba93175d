"""Enforces decisions: a cookie without permission leaves the browser with the very next response, whoever set it."""

from collections.abc import Callable
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from privacy import objections
from privacy.consent import choices, cookies, visits
from privacy.consent.choices import Choices
from smsplatform.lib import clock

API = "/v1/"
COUNTING = "count_visits"  # the activity of the inventory that happens here


class Consent:
    """Set ``request.consent``; then clean the response and count the view."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith(API):
            return self.get_response(request)
        request.consent = choices.read(request)  # type: ignore[attr-defined]  # our attribute on Django's request
        response = self.get_response(request)
        said: Choices = request.consent  # type: ignore[attr-defined]  # a view that records a decision replaces it
        _withdraw(request, response, said)
        if _is_public_page(request, response):
            _count(request, response, said)
            _open_for_analytics(response, said)
        return response


def may_load_analytics(said: Choices) -> bool:
    """Whether the script of a third party may be in a page."""
    return bool(cookies.third_party()) and said.analytics is True


def _withdraw(request: HttpRequest, response: HttpResponse, said: Choices) -> None:
    for name in [name for name in response.cookies if not _may_stay(name, said)]:
        del response.cookies[name]
    for name in request.COOKIES:
        if not _may_stay(name, said):
            response.delete_cookie(name)


def _may_stay(name: str, said: Choices) -> bool:
    """What is not ours to judge stays: other applications of the same host have cookies too."""
    cookie = cookies.find(name)
    return cookie is None or said.allows(cookie)


def is_public(request: HttpRequest | None) -> bool:
    """Whether a page is one that anybody may see; nothing but these is counted."""
    match = getattr(request, "resolver_match", None)
    return getattr(match.func, "access", "") == "public" if match else False


def _is_public_page(request: HttpRequest, response: HttpResponse) -> bool:
    shown = request.method == "GET" and response.status_code == 200 and is_public(request)
    return shown and response.get("Content-Type", "").startswith("text/html")


def _count(request: HttpRequest, response: HttpResponse, said: Choices) -> None:
    mode = cookies.mode()
    if mode == "off" or said.analytics is False or (mode == "consent_cookie" and not said.analytics):
        return
    user = getattr(request, "user", None)  # None after a view of the API framework that asks nobody
    if user is not None and user.is_authenticated and objections.stands(person=user.pk, activity=COUNTING):
        return
    assert request.resolver_match is not None
    visits.log.note(
        page=request.resolver_match.url_name or "",
        address=request.META.get("REMOTE_ADDR", ""),
        visit=_visit(request, response) if mode == "consent_cookie" else None,
        at=clock.now(),
    )


def _visit(request: HttpRequest, response: HttpResponse) -> UUID:
    """The id of this visit, new or from the cookie, which lives on."""
    try:
        visit = UUID(hex=request.COOKIES.get(cookies.VISIT_COOKIE, ""))
    except ValueError:
        visit = uuid4()
    response.set_cookie(
        cookies.VISIT_COOKIE, visit.hex, max_age=cookies.VISIT_KEPT, httponly=True, samesite="Lax",
        secure=settings.SECURE,
    )  # fmt: skip
    return visit


def _open_for_analytics(response: HttpResponse, said: Choices) -> None:
    """Let the browser talk to the third party that somebody agreed to, and to nobody before that."""
    if may_load_analytics(said):
        parts = urlsplit(settings.ANALYTICS_TAG)
        host = f"{parts.scheme}://{parts.netloc}"
        opened = {"script-src": [host], "connect-src": [host, *settings.ANALYTICS_HOSTS], "img-src": [host]}
        response._csp_update = opened  # type: ignore[attr-defined]  # noqa: SLF001  # what django-csp documents
