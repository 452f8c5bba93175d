"""Pages of a list by key, newest first: every page costs the same, and rows added in between shift nothing.

Ids are UUIDv7, so their order is the order of creation and the primary key serves list, cursor and time filter alike.
A cursor is the last id of the page before, in base64url. It is not signed: it gives no access, because the queryset
it continues is already limited to what the caller may see.

Errors in the query point at the parameter with ``?name`` where errors in a body have ``#/name``.
"""

import base64
import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.conf import settings
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

from smsplatform.lib import ids
from smsplatform.lib.api.problems import FieldError, Problem

LIMIT_DEFAULT = 25
LIMIT_MAX = 100

M = TypeVar("M", bound=Model)

_CURSOR = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)
_LIMIT = re.compile(r"[0-9]{1,3}", re.ASCII)
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_MILLISECOND = dt.timedelta(milliseconds=1)
# Comparison of created_at → lookup on the id, and by how many milliseconds its bound is later.
_BOUNDS = {
    "created_at[gte]": ("pk__gte", 0),
    "created_at[gt]": ("pk__gte", 1),
    "created_at[lte]": ("pk__lt", 1),
    "created_at[lt]": ("pk__lt", 0),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Page(Generic[M]):
    """Rows of one page and the cursor of the next, which is None on the last."""

    rows: list[M]
    next_cursor: str | None

    def to_body(self, data: Sequence[object]) -> dict[str, object]:
        """The list object around the rows in their JSON form."""
        return {
            "object": "list",
            "data": data,
            "has_more": self.next_cursor is not None,
            "next_cursor": self.next_cursor,
        }

    def headers(self, request: HttpRequest | Request) -> dict[str, str]:
        """``Link: <…>; rel="next"`` while there is a next page (RFC 8288)."""
        if self.next_cursor is None:
            return {}
        query = request.GET.copy()
        query["cursor"] = self.next_cursor
        return {"Link": f'<{settings.BASE_URL}{request.path}?{query.urlencode()}>; rel="next"'}


def read(queryset: QuerySet[M], params: Mapping[str, str]) -> Page[M]:
    """The page that ``limit``, ``cursor`` and ``created_at[…]`` in ``params`` ask for; raises ``Problem``.

    The queryset's own order is replaced by newest first.
    """
    limit = limit_of(params)
    filters = dict(created_bounds(params))
    cursor = cursor_of(params)
    rows = queryset.filter(**filters)
    if cursor is not None:
        rows = rows.filter(pk__lt=cursor)
    found = list(rows.order_by("-pk")[: limit + 1])
    if len(found) <= limit:
        return Page(rows=found, next_cursor=None)
    return Page(rows=found[:limit], next_cursor=encode_cursor(found[limit - 1].pk))


def read_several(querysets: Sequence[QuerySet[Any]], params: Mapping[str, str]) -> Page[Any]:
    """One page over several tables, newest first; their ids are UUIDv7 alike. Raises ``Problem``."""
    limit, found = limit_of(params), [read(queryset, params) for queryset in querysets]
    rows = sorted((row for page in found for row in page.rows), key=lambda row: row.pk, reverse=True)
    more = len(rows) > limit or any(page.next_cursor for page in found)
    return Page(rows=rows[:limit], next_cursor=encode_cursor(rows[limit - 1].pk) if more else None)


def limit_of(params: Mapping[str, str]) -> int:
    """The page size; raises ``Problem``."""
    text = params.get("limit")
    if text is None:
        return LIMIT_DEFAULT
    if not _LIMIT.fullmatch(text) or not 1 <= int(text) <= LIMIT_MAX:
        raise _refused("limit", "invalid_limit")
    return int(text)


def cursor_of(params: Mapping[str, str]) -> UUID | None:
    """The id to continue after; raises ``Problem``."""
    text = params.get("cursor")
    if text is None:
        return None
    if not _CURSOR.fullmatch(text):
        raise _refused("cursor", "invalid_cursor")
    value = UUID(bytes=base64.urlsafe_b64decode(text + "=="))
    if encode_cursor(value) != text:  # the last character has four bits that carry nothing
        raise _refused("cursor", "invalid_cursor")
    return value


def encode_cursor(value: UUID) -> str:
    """The cursor for the page after this id."""
    return base64.urlsafe_b64encode(value.bytes).decode().rstrip("=")


def created_bounds(params: Mapping[str, str]) -> dict[str, UUID]:
    """``created_at[gte]`` and its kin as filters on the primary key, exact to the millisecond; raises ``Problem``."""
    bounds: dict[str, UUID] = {}
    for name, text in params.items():
        if not name.startswith("created_at"):
            continue
        if name not in _BOUNDS:
            raise _refused("created_at", "invalid_filter")
        lookup, later = _BOUNDS[name]
        _narrow(bounds, lookup, ids.floor(_moment(text, name) + later * _MILLISECOND))
    return bounds


def _narrow(bounds: dict[str, UUID], lookup: str, bound: UUID) -> None:
    """gt and gte together mean the later one, lt and lte the earlier."""
    known = bounds.get(lookup)
    if known is not None:
        bound = max(known, bound) if lookup.endswith("gte") else min(known, bound)
    bounds[lookup] = bound


def _moment(text: str, name: str) -> dt.datetime:
    # A literal + in a query means a space; nobody means a space here.
    text = text.replace(" ", "+")
    try:
        if _RFC_3339.fullmatch(text) and "1970-01-02" <= text < "9999":
            return dt.datetime.fromisoformat(text).astimezone(dt.UTC)
    except ValueError:
        pass  # such as the 31st of February
    raise _refused(name, "invalid_filter")


def _refused(name: str, code: str) -> Problem:
    return Problem.of([FieldError(pointer=f"?{name}", code=code)])


class CursorPages(BasePagination):
    """The same for generic views of Django REST framework."""

    page: Page[Any]
    request: Request

    def paginate_queryset(self, queryset: QuerySet[M], request: Request, view: Any = None) -> list[M]:  # type: ignore[override]  # the stub's type variable is unbound
        """Rows of the page that the query asks for."""
        self.request = request
        self.page = read(queryset, request.query_params)
        return self.page.rows

    def get_paginated_response(self, data: Any) -> Response:
        """The list object with its ``Link``."""
        return Response(self.page.to_body(data), headers=self.page.headers(self.request))

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """The list object in OpenAPI."""
        return {
            "type": "object",
            "required": ["object", "data", "has_more", "next_cursor"],
            "properties": {
                "object": {"type": "string", "const": "list"},
                "data": schema,
                "has_more": {"type": "boolean"},
                "next_cursor": {"type": ["string", "null"], "description": "cursor of the next page"},
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """The query parameters in OpenAPI; drf-spectacular asks for them."""
        times = [_time_parameter(name) for name in _BOUNDS]
        return [
            {
                "name": "limit",
                "in": "query",
                "schema": {"type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "default": LIMIT_DEFAULT},
            },
            {"name": "cursor", "in": "query", "schema": {"type": "string", "pattern": "^[A-Za-z0-9_-]{22}$"}},
            *times,
        ]


def _time_parameter(name: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": {"type": "string", "format": "date-time"}}
