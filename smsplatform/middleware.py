"""What every request has: an id, error documents where the path promises JSON, and what every page shows."""

import re
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, cast

import structlog
from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language

from privacy.documents import notices
from smsplatform.lib.api import versions
from smsplatform.lib.api.problems import CONTENT_TYPE, Problem, new_request_id, to_response

API = "/v1/"
THEMES = ("light", "dark")

# Digits alone are not taken over: somebody will put a phone number there, and the id goes to the logs.
_REQUEST_ID = re.compile(r"(?![0-9_-]+\Z)[A-Za-z0-9_-]{8,64}", re.ASCII)
_BY_STATUS = {
    400: "bad_request",
    401: "missing_key",
    403: "permission_denied",
    404: "not_found",
    405: "method_not_allowed",
    413: "body_too_large",
    415: "unsupported_media_type",
    429: "rate_limited",
    503: "service_unavailable",
}


class Versioned(Protocol):
    """The key that ``accounts.middleware.Workspace`` found, as far as every answer tells of it."""

    @property
    def api_version(self) -> str: ...


Next = Callable[[HttpRequest], HttpResponse] | Callable[[HttpRequest], Awaitable[HttpResponse]]


def request_id_from(header: str | None) -> str:
    """The client's own id when it is one, else a new ``req_…``."""
    return header if header and _REQUEST_ID.fullmatch(header) else new_request_id()


class RequestId:
    """Give the request its id: ``request.request_id``, the ``X-Request-Id`` of the answer, and every log line.

    Outermost, so it also sees what Django made of an unexpected exception, and turns an HTML error under ``/v1/``
    into a problem document.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponse | Awaitable[HttpResponse]:
        request_id = _name(request)
        if self.is_async:
            return self._acall(request, request_id)
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = cast(HttpResponse, self.get_response(request))
        return _finish(request, response, request_id)

    async def _acall(self, request: HttpRequest, request_id: str) -> HttpResponse:
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = await cast(Awaitable[HttpResponse], self.get_response(request))
        return _finish(request, response, request_id)


def _name(request: HttpRequest) -> str:
    request_id = request_id_from(request.headers.get("X-Request-Id"))
    request.request_id = request_id  # type: ignore[attr-defined]  # our attribute on Django's request
    return request_id


def _finish(request: HttpRequest, response: HttpResponse, request_id: str) -> HttpResponse:
    if response.status_code >= 400 and request.path.startswith(API):
        response = _as_problem(request, response)
    response["X-Request-Id"] = request_id
    if request.path.startswith(API):
        _tell(request, response)
    return response


def _tell(request: HttpRequest, response: HttpResponse) -> None:
    """What every answer of the API says."""
    key: Versioned | None = getattr(request, "known_key", None)
    asked = request.headers.get(versions.HEADER)
    response[versions.HEADER] = versions.answered(asked, key.api_version if key else None)
    if notice := notices.header():
        response[notices.HEADER] = notice


def _as_problem(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    if response.get("Content-Type", "").startswith((CONTENT_TYPE, "application/json")):
        return response
    code = _BY_STATUS.get(response.status_code, "internal_error" if response.status_code >= 500 else "bad_request")
    document = to_response(Problem(code), request)
    for name in ("Allow", "Retry-After"):
        if name in response:
            document[name] = response[name]
    response.close()
    return document


def page_context(request: HttpRequest) -> dict[str, Any]:
    """What the base template shows on every page; works on error pages too, where middleware did not finish."""
    theme = request.COOKIES.get("theme", "")
    return {
        "theme": theme if theme in THEMES else "",
        "workspace": getattr(request, "workspace", None),
        "places": getattr(request, "places", []),
        "demo": settings.DEMO,
        "locale": get_language() or settings.LANGUAGE_CODE,
        "request_id": getattr(request, "request_id", ""),
    }
