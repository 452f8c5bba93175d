"""How Django REST framework learns who asks: the key that ``accounts.middleware.Workspace`` found, and its scopes."""

from typing import TYPE_CHECKING

from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.keys import KeyInfo
from smsplatform.lib.api.problems import Problem
from smsplatform.lib.tenancy import scope

if TYPE_CHECKING:  # rest_framework.views reads the setting that names this module
    from rest_framework.views import APIView


class KeyAuthentication(BaseAuthentication):
    """Hands the key that ``accounts.middleware.Workspace`` found to Django REST framework."""

    def authenticate(self, request: Request) -> tuple[None, KeyInfo] | None:
        django = request._request  # noqa: SLF001  # the way the framework's own authentication classes take
        problem: Problem | None = getattr(django, "key_problem", None)
        if problem is not None:
            raise problem
        info: KeyInfo | None = getattr(django, "key_info", None)
        return (None, info) if info else None

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class HasScope(BasePermission):
    """Each API view names the scope that each of its methods needs; it has no others."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        info = request.auth
        if not isinstance(info, KeyInfo):
            raise Problem.single("missing_key")
        scopes = view.scopes  # type: ignore[attr-defined]  # a view without it is a programming error, found by a test
        needed = scopes.get("GET" if request.method == "HEAD" else request.method)
        if needed is None:
            raise Problem.single("method_not_allowed")
        if needed not in info.scopes:
            raise Problem.single("missing_scope", detail=f"This key lacks the scope {needed}.")
        return scope.current() == info.workspace_id
