import json

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from rest_framework import exceptions, serializers
from rest_framework.response import Response

from smsplatform.lib.api import framework, problems
from smsplatform.lib.api.problems import CODES, FieldError, Problem

MARKER = "+31612345678"


class Nested(serializers.Serializer[object]):
    name = serializers.CharField(max_length=3)


class Sample(serializers.Serializer[object]):
    to = serializers.CharField()
    kind = serializers.ChoiceField(choices=["a", "b"])
    count = serializers.IntegerField(min_value=1)
    inner = Nested(many=True)


def handled(exc: Exception) -> Response:
    response = framework.handle(exc, {})
    assert response is not None
    return response


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code_has_a_status_and_says_what_why_and_what_to_do(code: str) -> None:
    info = CODES[code]

    assert 400 <= info.status < 600
    assert code == code.lower()
    assert code.replace("_", "").isalnum()
    assert [text[-1] == "." for text in (info.title, info.cause, info.fix)] == [False, True, True]


def test_a_single_problem_names_the_field_and_the_fix() -> None:
    problem = Problem.single("not_e164", "#/to")

    body = problem.to_body("req_1")

    assert body["status"] == 422
    assert body["type"].endswith("/docs/errors/not_e164")
    assert body["code"] == "not_e164"
    assert body["request_id"] == "req_1"
    assert body["instance"] == "urn:request:req_1"
    assert CODES["not_e164"].fix in body["detail"]
    assert body["errors"] == [{"pointer": "#/to", "code": "not_e164", "detail": CODES["not_e164"].fix}]


def test_an_unknown_code_is_a_programming_error() -> None:
    with pytest.raises(KeyError):
        Problem.single("no_such_code")


def test_several_field_errors_make_one_invalid_request_of_at_most_a_hundred() -> None:
    problem = Problem.of([FieldError(pointer=f"#/messages/{n}/to", code="not_e164") for n in range(1000)])

    assert (problem.code, problem.status, len(problem.errors)) == ("invalid_request", 422, 100)


def test_header_names_are_written_with_underscores_in_python() -> None:
    assert Problem.single("rate_limited", Retry_After="3").headers == {"Retry-After": "3"}


def test_the_gate_gets_status_headers_and_body_as_bytes() -> None:
    status, headers, body = problems.response_bytes(Problem.single("invalid_key"), "req_9")

    found = dict(headers)
    assert status == 401
    assert found[b"content-type"] == b"application/problem+json"
    assert found[b"content-length"] == str(len(body)).encode()
    assert found[b"x-request-id"] == b"req_9"
    assert found[b"www-authenticate"] == b'Bearer realm="api"'
    assert json.loads(body)["code"] == "invalid_key"


def test_the_gate_django_and_the_rest_framework_give_the_same_document() -> None:
    problem = Problem.single("too_long", "#/body", Retry_After="1")
    request = HttpRequest()
    request.request_id = "req_same"  # type: ignore[attr-defined]  # set by the RequestId middleware

    by_gate = json.loads(problems.response_bytes(problem, "req_same")[2])
    by_django = problems.to_response(problem, request)
    by_framework = framework.handle(problem, {"request": request})

    assert by_framework is not None
    assert by_gate == json.loads(by_django.content) == by_framework.data
    assert by_django["Content-Type"] == by_framework.content_type == "application/problem+json"
    assert by_django["Retry-After"] == by_framework.headers["Retry-After"] == "1"


@pytest.mark.parametrize(
    ("exc", "status", "code"),
    [
        (exceptions.ParseError(MARKER), 400, "invalid_json"),
        (exceptions.NotAuthenticated(), 401, "missing_key"),
        (exceptions.AuthenticationFailed(MARKER), 401, "invalid_key"),
        (exceptions.PermissionDenied(MARKER), 403, "permission_denied"),
        (PermissionDenied(MARKER), 403, "permission_denied"),
        (exceptions.NotFound(), 404, "not_found"),
        (Http404(MARKER), 404, "not_found"),
        (exceptions.MethodNotAllowed("PUT"), 405, "method_not_allowed"),
        (exceptions.NotAcceptable(), 406, "not_acceptable"),
        (exceptions.UnsupportedMediaType(MARKER), 415, "unsupported_media_type"),
        (exceptions.Throttled(wait=2.6), 429, "rate_limited"),
    ],
)
def test_exceptions_of_the_framework_become_problems_without_their_text(exc: Exception, status: int, code: str) -> None:
    response = handled(exc)

    assert (response.status_code, response.data["code"]) == (status, code)
    assert MARKER not in json.dumps(response.data)


def test_throttling_says_when_to_come_back() -> None:
    assert handled(exceptions.Throttled(wait=2.6)).headers["Retry-After"] == "3"


def test_an_unexpected_exception_is_left_to_the_500_handler() -> None:
    assert framework.handle(RuntimeError(MARKER), {}) is None


def test_serializer_errors_become_pointers_and_never_repeat_values() -> None:
    serializer = Sample(data={"kind": MARKER, "count": 0, "inner": [{"name": "abc"}, {"name": "abcdef"}, {}]})

    with pytest.raises(exceptions.ValidationError) as caught:
        serializer.is_valid(raise_exception=True)
    body = handled(caught.value).data

    assert {(error["pointer"], error["code"]) for error in body["errors"]} == {
        ("#/to", "required"),
        ("#/kind", "invalid_value"),
        ("#/count", "out_of_range"),
        ("#/inner/1/name", "too_long"),
        ("#/inner/2/name", "required"),
    }
    assert body["code"] == "invalid_request"
    assert MARKER not in json.dumps(body)
    assert next(e for e in body["errors"] if e["code"] == "too_long")["detail"].endswith("3 characters.")


def test_errors_of_the_whole_object_point_at_it_and_names_are_escaped() -> None:
    whole = handled(exceptions.ValidationError({"non_field_errors": ["no"]})).data
    odd = handled(exceptions.ValidationError({"a/b~c": ["no"]})).data

    assert whole["errors"][0]["pointer"] == "#"
    assert odd["errors"][0]["pointer"] == "#/a~1b~0c"


def test_a_code_of_ours_in_a_serializer_is_kept() -> None:
    body = handled(exceptions.ValidationError({"to": [exceptions.ErrorDetail("x", code="not_e164")]})).data

    assert body["code"] == "not_e164"
