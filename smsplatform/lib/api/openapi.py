"""The OpenAPI document, from the structs that requests are checked against and answers are tested against.

``documented`` describes one method of a view; ``complete`` is the hook of drf-spectacular that adds the components.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import msgspec
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema

from smsplatform.lib.api import pages, versions
from smsplatform.lib.api.codes import CODES
from smsplatform.lib.api.problems import CONTENT_TYPE

View = TypeVar("View", bound=Callable[..., Any])
Kind = type[msgspec.Struct]
REF = "#/components/schemas/{name}"
LISTED = ("invalid_limit", "invalid_cursor", "invalid_filter")
READ = ("invalid_json", "invalid_request", "body_too_large", "request_timeout")
ANYBODY = ("unknown_api_version",)
EVERYWHERE = ("missing_key", "invalid_key", "revoked_key", "workspace_suspended", "expired_key", "ip_not_allowed",
              "missing_scope", "invalid_token", "expired_token", "revoked_token")  # fmt: skip
_kinds: dict[str, Kind] = {}
_bodiless: set[str] = set()  # operations whose body may be left out


class FieldFault(msgspec.Struct, kw_only=True):
    """One field that cannot be accepted."""

    pointer: str
    code: str
    detail: str


class ProblemDocument(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Why a request was refused (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    request_id: str
    errors: list[FieldFault] | msgspec.UnsetType = msgspec.UNSET


def documented(
    operation: str,
    *,
    tag: str,
    answers: Mapping[int, Kind | None],
    request: Kind | None = None,
    query: Kind | None = None,
    listed: bool = False,
    paged: bool = True,
    idempotent: bool = False,
    bodiless: bool = False,
    codes: Iterable[str] = (),
    open: bool = False,
) -> Callable[[View], View]:
    """Describe a method: summary and description are its docstring, ``codes`` the refusals beyond those of any key.

    An ``open`` method asks for no key, a ``bodiless`` one does without its body. A ``listed`` answer is a list object;
    unless ``paged`` is false, the query says which page of it.
    """
    responses: dict[Any, Any] = {
        (status, "application/json"): _answer(kind, listed=listed) for status, kind in answers.items()
    }
    refused = [*ANYBODY, *(() if open else EVERYWHERE), *(LISTED if listed else ()), *(READ if request else ()), *codes]
    for status in sorted({CODES[code].status for code in refused} | {400, 405, 429, 503}):
        responses[status, CONTENT_TYPE] = _refusal(status, refused)

    if bodiless:
        _bodiless.add(operation)

    def decorate(method: View) -> View:
        summary, _, description = (method.__doc__ or "").strip().partition("\n\n")
        described: Callable[[View], View] = extend_schema(
            operation_id=operation,
            summary=summary.rstrip("."),
            description=" ".join(description.split()),
            tags=[tag],
            request={"application/json": _ref(request)} if request else None,
            responses=responses,
            parameters=_parameters(query, listed=listed and paged, idempotent=idempotent),
        )
        return described(method)

    return decorate


def _answer(kind: Kind | None, *, listed: bool) -> OpenApiResponse:
    if kind is None:
        return OpenApiResponse(description="Done")
    schema = pages.CursorPages().get_paginated_response_schema(_array(kind)) if listed else _ref(kind)
    return OpenApiResponse(response=schema, description=(kind.__doc__ or "").strip().partition("\n")[0])


def _array(kind: Kind) -> dict[str, Any]:
    return {"type": "array", "items": _ref(kind)}


def _ref(kind: Kind) -> dict[str, Any]:
    _kinds[kind.__name__] = kind
    return {"$ref": REF.format(name=kind.__name__)}


def _refusal(status: int, codes: Iterable[str]) -> OpenApiResponse:
    named = sorted({code for code in codes if CODES[code].status == status})
    text = "; ".join(f"`{code}`: {CODES[code].title}" for code in named)
    return OpenApiResponse(response=_ref(ProblemDocument), description=text or "Refused")


def _parameters(query: Kind | None, *, listed: bool, idempotent: bool) -> list[OpenApiParameter]:
    found = _version()
    if query is not None:
        schema = msgspec.json.schema_components([query], ref_template=REF)[1][query.__name__]
        found += [
            OpenApiParameter(name, _simple(inner), location="query", description=inner.get("description", ""))
            for name, inner in schema["properties"].items()
        ]
    if listed:
        for parameter in pages.CursorPages().get_schema_operation_parameters(None):
            found.append(OpenApiParameter(parameter["name"], parameter["schema"], location="query"))
    if idempotent:
        schema = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"}
        text = "Repeat the request with the same value and it is carried out once; kept 24 hours."
        found.append(OpenApiParameter("Idempotency-Key", schema, location="header", description=text))
    return found


def _version() -> list[OpenApiParameter]:
    """The header, in the request if it likes, and in every answer."""
    schema = {"type": "string", "enum": list(versions.VERSIONS)}
    asked = "Another version of the API than the key's own, which is the newest of the day it was made."
    return [
        OpenApiParameter(versions.HEADER, schema, location="header", description=asked),
        OpenApiParameter(
            versions.HEADER, schema, location="header", response=True, description="The version of the answer."
        ),
    ]


def _simple(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter is there or not; null is for JSON."""
    kinds = [inner for inner in schema.get("anyOf", []) if inner.get("type") != "null"]
    return kinds[0] if len(kinds) == 1 else {name: value for name, value in schema.items() if name != "default"}


def complete(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Add the schemas that operations refer to, and require the key everywhere."""
    _, components = msgspec.json.schema_components(list(_kinds.values()), ref_template=REF)
    result.setdefault("components", {}).setdefault("schemas", {}).update(sorted(components.items()))
    for operations in result.get("paths", {}).values():
        for operation in operations.values():
            if isinstance(operation, dict) and "requestBody" in operation:
                operation["requestBody"]["required"] = operation["operationId"] not in _bodiless
    return result


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # drf-spectacular has no types
    """How the document names our keys."""

    target_class = "accounts.api.authentication.KeyAuthentication"
    name = "key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        """A bearer token."""
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A secret key (sk_live_… or sk_test_…) or an access token",
        }
