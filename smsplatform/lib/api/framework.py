"""What Django REST framework calls of ours: the exception handler and the parser.

Apart from ``problems`` and ``parsers``, so that workers and the gate use those without loading the framework.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import IO, Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions
from rest_framework.parsers import BaseParser
from rest_framework.response import Response

from smsplatform.lib.api.parsers import BODY_MAX, loads_strict
from smsplatform.lib.api.problems import CODES, CONTENT_TYPE, FieldError, Problem, request_id_of
from smsplatform.lib.database import UNAVAILABLE


class StrictJSONParser(BaseParser):
    """Parser of Django REST framework; ``body_max`` on the view overrides the size limit."""

    media_type = "application/json"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """The JSON value in ``stream``; raises ``Problem``."""
        view = (parser_context or {}).get("view")
        limit = getattr(view, "body_max", BODY_MAX)
        return loads_strict(stream.read(limit + 1), limit)


def handle(exc: Exception, context: Mapping[str, Any]) -> Response | None:
    """Django REST framework's ``EXCEPTION_HANDLER``. None for what is nobody's doing but ours: the 500 handler."""
    problem = _problem_for(exc)
    if problem is None:
        return None
    body = problem.to_body(request_id_of(context.get("request")))
    return Response(body, problem.status, headers=dict(problem.header_items()), content_type=CONTENT_TYPE)


# --- Django REST framework's exceptions -------------------------------------------------------------

_SIMPLE: tuple[tuple[type[Exception], str], ...] = (
    (exceptions.ParseError, "invalid_json"),
    (exceptions.NotAuthenticated, "missing_key"),
    (exceptions.AuthenticationFailed, "invalid_key"),
    (exceptions.PermissionDenied, "permission_denied"),
    (PermissionDenied, "permission_denied"),
    (exceptions.NotFound, "not_found"),
    (Http404, "not_found"),
    (exceptions.NotAcceptable, "not_acceptable"),
    (exceptions.UnsupportedMediaType, "unsupported_media_type"),
)


def _problem_for(exc: Exception) -> Problem | None:
    if isinstance(exc, Problem):
        return exc
    if isinstance(exc, UNAVAILABLE):
        return Problem.single("service_unavailable", Retry_After="1")
    if isinstance(exc, exceptions.ValidationError):
        return Problem.of(list(_field_errors(exc.detail, "#")))
    if isinstance(exc, exceptions.MethodNotAllowed):
        return Problem("method_not_allowed")
    if isinstance(exc, exceptions.Throttled):
        return Problem("rate_limited", headers={"Retry-After": str(max(1, round(getattr(exc, "wait", None) or 1)))})
    return next((Problem(code) for kind, code in _SIMPLE if isinstance(exc, kind)), None)


# Codes of serializer fields that say the same as one of ours.
_FIELD_CODES = {
    "required": "required",
    "null": "null",
    "blank": "blank",
    "empty": "blank",
    "max_length": "too_long",
    "max_string_length": "too_long",
    "min_length": "too_short",
    "max_value": "out_of_range",
    "min_value": "out_of_range",
    "not_a_list": "wrong_type",
    "not_a_dict": "wrong_type",
    "unique": "conflict",
    "null_characters_not_allowed": "control_character",
    "surrogate_characters_not_allowed": "lone_surrogate",
}
# Their default messages contain the limit and never the value; those of all other codes may repeat the value.
_SAFE_MESSAGES = frozenset({"max_length", "min_length", "max_value", "min_value"})
_INDEX_OF_NON_FIELD = "non_field_errors"


def _field_errors(detail: Any, pointer: str) -> Iterator[FieldError]:
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            own = pointer if name == _INDEX_OF_NON_FIELD else f"{pointer}/{_escaped(str(name))}"
            yield from _field_errors(inner, own)
    elif isinstance(detail, list):
        yield from _errors_of_list(detail, pointer)
    else:
        code = getattr(detail, "code", None) or "invalid"
        known = _FIELD_CODES.get(code) or (code if code in CODES else "invalid_value")
        yield FieldError(pointer=pointer, code=known, detail=str(detail) if code in _SAFE_MESSAGES else "")


def _errors_of_list(items: Iterable[Any], pointer: str) -> Iterator[FieldError]:
    """Messages of one field, or the errors of a list's entries, where an entry without errors is an empty object."""
    for index, item in enumerate(items):
        yield from _field_errors(item, f"{pointer}/{index}" if isinstance(item, Mapping) else pointer)


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
