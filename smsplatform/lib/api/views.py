"""What every view of the API has in common: the moment, the caller's key, the document that was sent."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, Protocol, TypeVar, cast
from uuid import UUID

import msgspec
from django.conf import settings
from django.db.models import Model, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from smsplatform.lib import clock, ids, limits
from smsplatform.lib.api import pages, structs, versions
from smsplatform.lib.api.parsers import BODY_MAX, COMPRESSED
from smsplatform.lib.api.problems import Problem
from smsplatform.lib.api.renderers import StructRenderer

S = TypeVar("S", bound=msgspec.Struct)
M = TypeVar("M", bound=Model)
PAGE_PARAMETERS = frozenset(
    {"limit", "cursor", "created_at[gte]", "created_at[gt]", "created_at[lte]", "created_at[lt]"}
)


class Key(Protocol):
    """What the authentication leaves in ``request.auth``."""

    @property
    def id(self) -> UUID: ...
    @property
    def workspace_id(self) -> UUID: ...
    @property
    def livemode(self) -> bool: ...
    @property
    def user_id(self) -> UUID | None: ...


class ApiView(APIView):
    """A view whose ``scopes`` maps each of its methods to the scope that a key needs for it."""

    scopes: dict[str, str]
    http_method_names = ["get", "head", "post", "put", "patch", "delete"]
    renderer_classes = [StructRenderer]
    body_max = BODY_MAX
    own_limits: frozenset[str] = frozenset()  # methods that count messages instead of requests
    left: Mapping[str, str] = {}  # headers that say what is left of the limits, once the request was counted
    _raw: bytes | None = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Note the moment of the request once; everything it does happens at that moment."""
        self.at: dt.datetime = clock.now()
        super().initial(request, *args, **kwargs)
        versions.check(request.headers.get(versions.HEADER))
        if request.auth is not None and request.method not in self.own_limits:
            self._count()

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Say how many requests are left."""
        response = super().finalize_response(request, response, *args, **kwargs)
        for name, value in self.left.items():
            response.setdefault(name, value)
        return response

    def _count(self) -> None:
        """Every request counts, so that a loop gone wild in one program does not slow down everybody's."""
        window = limits.Window("api", f"api:{self._key.id}", settings.API_REQUESTS_MAX, 1)
        taken = limits.take(window.subject, count=1, limit=window.limit, window_seconds=window.seconds)
        self.left = limits.headers([(window, taken)])
        if not taken.allowed:
            raise Problem("rate_limited", headers=self.left)

    @property
    def _key(self) -> Key:
        return cast(Key, self.request.auth)

    @property
    def workspace_id(self) -> UUID:
        """The workspace of the key."""
        return self._key.workspace_id

    @property
    def livemode(self) -> bool:
        """The mode of the key: a test key sees and makes test objects only."""
        return self._key.livemode

    @property
    def key_id(self) -> UUID:
        """The key itself, or the person whose access token it is, as the one who acts."""
        return self._key.user_id or self._key.id

    def raw(self) -> bytes:
        """The body's bytes. Raises ``Problem`` beyond ``body_max`` and for a compressed one."""
        if self.request.headers.get("Content-Encoding", "identity") != "identity":
            raise Problem("unsupported_media_type", detail=COMPRESSED)
        if self._raw is None:
            self._raw = self.request._request.read(self.body_max + 1)  # noqa: SLF001  # REST framework's own way in
        if len(self._raw) > self.body_max:
            raise Problem.single("body_too_large")
        return self._raw

    def document(self, kind: type[S]) -> S:
        """The body as ``kind``; raises ``Problem`` with every fault found."""
        return structs.decode(kind, self.raw(), limit=self.body_max)

    def filters(self, kind: type[S]) -> S:
        """The query as ``kind``, besides what pages take for themselves."""
        return structs.query(kind, self.request.query_params, besides=PAGE_PARAMETERS)

    def page(self, queryset: QuerySet[M]) -> pages.Page[M]:
        """The page of ``queryset`` that the query asks for."""
        return pages.read(queryset, self.request.query_params)

    def listed(self, page: pages.Page[M], data: list[Any]) -> Response:
        """The list object with its ``Link``."""
        return Response(page.to_body(data), headers=page.headers(self.request))


class Nothing(msgspec.Struct, forbid_unknown_fields=True):
    """No parameters: for lists without filters and requests without a body."""


def decoded(prefix: str, text: str) -> UUID:
    """The id in a path; one of another kind does not exist."""
    try:
        return ids.decode(prefix, text)
    except ids.InvalidId:
        raise Problem.single("not_found") from None
