"""Refusals as RFC 9457 problem documents, with one registry of codes behind them.

``Problem`` is raised anywhere below the API and turned into bytes in three places: ``handle`` for Django REST
framework, ``to_response`` for plain Django, and ``response_bytes`` for the ASGI gate. All give the same document.
Values that a client sent are never repeated in it: they may be personal data, and answers end up in logs.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from smsplatform.lib import ids
from smsplatform.lib.api.codes import CODES, CodeInfo

__all__ = [
    "CODES",
    "CONTENT_TYPE",
    "CodeInfo",
    "FieldError",
    "Problem",
    "new_request_id",
    "request_id_of",
    "response_bytes",
    "to_response",
]

CONTENT_TYPE = "application/problem+json"
ERRORS_MAX = 100  # a batch of a thousand bad messages is explained by its first hundred


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldError:
    """One field that cannot be accepted. ``pointer`` is a JSON pointer as URI fragment: ``#/messages/3/to``."""

    pointer: str
    code: str
    detail: str = ""

    def to_body(self) -> dict[str, str]:
        """The entry of ``errors``; without a detail of its own it says how to fix this kind of error."""
        return {"pointer": self.pointer, "code": self.code, "detail": self.detail or CODES[self.code].fix}


class Problem(Exception):
    """A refusal that the client can act on. Unknown codes are a programming error (``KeyError``)."""

    def __init__(
        self,
        code: str,
        *,
        detail: str | None = None,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        info = CODES[code]
        self.code = code
        self.status = info.status
        self.title = info.title
        self.detail = detail or f"{info.cause} {info.fix}"
        self.errors = tuple(errors)
        self.headers = dict(headers or {})

    @classmethod
    def single(cls, code: str, pointer: str | None = None, detail: str | None = None, **headers: str) -> "Problem":
        """One reason, of one field when ``pointer`` says so. ``Retry_After="3"`` becomes the header Retry-After."""
        errors = [FieldError(pointer=pointer, code=code, detail=detail or "")] if pointer is not None else []
        return cls(code, detail=detail, errors=errors, headers={_header(name): text for name, text in headers.items()})

    @classmethod
    def of(cls, errors: Sequence[FieldError]) -> "Problem":
        """The problem for these field errors (at least one); a single one gives its code to the whole."""
        if len(errors) == 1:
            return cls(errors[0].code, detail=errors[0].detail or None, errors=errors)
        return cls("invalid_request", errors=errors[:ERRORS_MAX])

    @property
    def type(self) -> str:
        """The page that explains the code."""
        return f"{settings.BASE_URL}/docs/errors/{self.code}"

    def to_body(self, request_id: str) -> dict[str, Any]:
        """The problem document."""
        body: dict[str, Any] = {
            "type": self.type,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "instance": f"urn:request:{request_id}",
            "code": self.code,
            "request_id": request_id,
        }
        if self.errors:
            body["errors"] = [error.to_body() for error in self.errors]
        return body

    def header_items(self) -> Iterator[tuple[str, str]]:
        """Headers of the answer apart from content type and request id."""
        if self.status == 401:
            yield "WWW-Authenticate", 'Bearer realm="api"'
        yield "Cache-Control", "no-store"
        yield from self.headers.items()


def new_request_id() -> str:
    """``req_…``: names one request in the answer, in the logs and to support."""
    return ids.encode(ids.REQUEST, ids.uuid7())


def response_bytes(problem: Problem, request_id: str) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Status, ASGI headers and body, for code that does not go through Django."""
    body = msgspec.json.encode(problem.to_body(request_id))
    headers = [
        (b"content-type", CONTENT_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"x-request-id", request_id.encode()),
        *((name.lower().encode(), value.encode("latin-1")) for name, value in problem.header_items()),
    ]
    return problem.status, headers, body


def to_response(problem: Problem, request: HttpRequest | None) -> HttpResponse:
    """The answer for plain Django views, middleware and error handlers."""
    body = msgspec.json.encode(problem.to_body(request_id_of(request)))
    response = HttpResponse(body, status=problem.status, content_type=CONTENT_TYPE)
    for name, value in problem.header_items():
        response[name] = value
    return response


def request_id_of(request: object) -> str:
    """The id that the middleware gave the request, or a new one."""
    return getattr(request, "request_id", None) or new_request_id()


def _header(name: str) -> str:
    return name.replace("_", "-")
