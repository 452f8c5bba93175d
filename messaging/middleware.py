"""The API log's part in Django: hands over each answered request of the API that Django served."""

import re
import time
from collections.abc import Awaitable, Callable
from typing import cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponse

from accounts.keys import KeyInfo
from messaging import calls

API = "/v1/"
Next = Callable[[HttpRequest], HttpResponse] | Callable[[HttpRequest], Awaitable[HttpResponse]]
_PLACEHOLDER = re.compile(r"<(?:\w+:)?(\w+)>")


class ApiLog:
    """Outermost, so that it sees the answer that leaves. Without a key that is known there is nobody to show it to."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponse | Awaitable[HttpResponse]:
        if self.is_async:
            return self._acall(request)
        began = time.perf_counter()
        response = cast(HttpResponse, self.get_response(request))
        _note(request, response, time.perf_counter() - began)
        return response

    async def _acall(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = await cast(Awaitable[HttpResponse], self.get_response(request))
        _note(request, response, time.perf_counter() - began)
        return response


def _note(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    info: KeyInfo | None = getattr(request, "known_key", None)
    if info is None or not request.path.startswith(API):
        return
    content = b"" if response.streaming else response.content
    calls.note(
        info,
        request.request_id,  # type: ignore[attr-defined]  # set by smsplatform.middleware.RequestId
        request.method or "",
        route_of(request),
        response.status_code,
        seconds,
        content,
    )


def route_of(request: HttpRequest) -> str:
    """The template of the address, with placeholders as the documentation writes them; empty when there is none."""
    match = request.resolver_match
    return "/" + _PLACEHOLDER.sub(r"{\1}", match.route) if match else ""
