import asyncio
import json
from collections.abc import Awaitable
from typing import cast

import pytest
import structlog
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.test import RequestFactory

from smsplatform.middleware import RequestId, page_context


def call(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    return cast(HttpResponse, RequestId(lambda _: response)(request))


def test_a_request_without_an_id_gets_one_that_answer_and_logs_share() -> None:
    seen: dict[str, object] = {}

    def view(request: HttpRequest) -> HttpResponse:
        seen.update(structlog.contextvars.get_contextvars(), attribute=request.request_id)  # type: ignore[attr-defined]  # set by RequestId
        return HttpResponse()

    response = cast(HttpResponse, RequestId(view)(RequestFactory().get("/")))

    assert response["X-Request-Id"].startswith("req_")
    assert seen["request_id"] == seen["attribute"] == response["X-Request-Id"]
    assert "request_id" not in structlog.contextvars.get_contextvars()


def test_an_id_of_the_client_is_kept() -> None:
    request = RequestFactory().get("/", headers={"X-Request-Id": "trace-0123_abc"})

    assert call(request, HttpResponse())["X-Request-Id"] == "trace-0123_abc"


@pytest.mark.parametrize(
    "header", ["", "short", "x" * 65, "31612345678", "06-12345678", "a b c d e f", "héllo-wörld", "abcdefgh\n"]
)
def test_an_id_that_is_malformed_or_looks_like_a_number_is_replaced(header: str) -> None:
    request = RequestFactory().get("/")
    request.META["HTTP_X_REQUEST_ID"] = header

    assert call(request, HttpResponse())["X-Request-Id"].startswith("req_")


def test_the_middleware_works_for_asynchronous_handlers() -> None:
    async def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(structlog.contextvars.get_contextvars()["request_id"])

    async def run() -> HttpResponse:
        return await cast(Awaitable[HttpResponse], RequestId(view)(RequestFactory().get("/")))

    response = asyncio.run(run())

    assert response.content.decode() == response["X-Request-Id"]


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, "bad_request"), (404, "not_found"), (413, "body_too_large"), (418, "bad_request"), (500, "internal_error")],
)
def test_an_html_error_below_the_api_becomes_a_problem_document(status: int, code: str) -> None:
    page = HttpResponse("<h1>oops +31612345678</h1>", status=status)

    response = call(RequestFactory().get("/v1/messages"), page)

    assert response["Content-Type"] == "application/problem+json"
    assert json.loads(response.content)["code"] == code
    assert json.loads(response.content)["request_id"] == response["X-Request-Id"]
    assert b"oops" not in response.content


def test_allowed_methods_survive_the_conversion() -> None:
    response = call(RequestFactory().get("/v1/messages"), HttpResponseNotAllowed(["GET", "POST"]))

    assert response["Allow"] == "GET, POST"


def test_error_pages_of_the_dashboard_and_json_answers_are_left_alone() -> None:
    page, data = HttpResponse("gone", status=404), JsonResponse({"a": 1}, status=409)

    assert call(RequestFactory().get("/messages"), page).content == b"gone"
    assert call(RequestFactory().get("/v1/x"), data).content == b'{"a": 1}'


def test_page_context_survives_a_request_that_no_other_middleware_saw() -> None:
    request = RequestFactory().get("/")
    request.COOKIES["theme"] = '"><script>'

    context = page_context(request)

    assert (context["theme"], context["workspace"], context["places"]) == ("", None, [])


def test_a_chosen_theme_reaches_the_page() -> None:
    request = RequestFactory().get("/")
    request.COOKIES["theme"] = "dark"

    assert page_context(request)["theme"] == "dark"
