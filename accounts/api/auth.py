"""Signing in from an app: e-mail and password against tokens, and the exchange and end of those."""

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from django.contrib.auth import authenticate
from django.http import HttpRequest
from msgspec import Meta
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import backoff, factors, tokens
from accounts.middleware import Place, memberships
from accounts.models import User
from accounts.models.user import normalise_email
from accounts.roles import PERMISSIONS, Scope
from accounts.tokens import Pair
from accounts.views.sessions import FREE_PER_ACCOUNT, FREE_PER_ADDRESS
from smsplatform.lib import clock, ids
from smsplatform.lib.api.openapi import documented
from smsplatform.lib.api.problems import Problem
from smsplatform.lib.api.views import ApiView

TAG = "Tokens"


class TokenRequest(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Who signs in, and for which workspace and mode."""

    email: Annotated[str, Meta(min_length=1, max_length=254)]
    password: Annotated[str, Meta(min_length=1, max_length=1024)]
    code: Annotated[str, Meta(min_length=6, max_length=20)] | None = None
    workspace: str | None = None
    mode: Literal["live", "test"] = "live"


class RefreshRequest(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A refresh token."""

    refresh_token: Annotated[str, Meta(min_length=1, max_length=200)]


class TokenDocument(msgspec.Struct, kw_only=True):
    """A pair of tokens. Times are in seconds from now."""

    object: Literal["token"]
    token_type: Literal["Bearer"]
    access_token: str
    expires_in: int
    refresh_token: str
    refresh_expires_in: int
    workspace: str
    mode: Literal["live", "test"]
    scopes: list[str]


class Open(ApiView):
    """Views that ask for no key: they hand out or take back what stands for one."""

    scopes: dict[str, str] = {}
    authentication_classes = []
    permission_classes = []


class Token(Open):
    @documented("create_token", tag=TAG, answers={200: TokenDocument}, request=TokenRequest, open=True,
                codes=("sign_in_failed", "second_factor_required", "second_factor_failed", "too_many_attempts",
                       "not_found"))  # fmt: skip
    def post(self, request: Request) -> Response:
        """Sign in

        Answers an access token for 15 minutes, used like a key: Authorization: Bearer. It may do what its person may
        do in the workspace. Without a workspace it is the first one of the person, by name.
        """
        wanted = self.document(TokenRequest)
        user = _signed_in(request._request, wanted)  # noqa: SLF001  # REST framework's own way in
        place = _place(user, wanted.workspace)
        if place.require_second_factor and not user.second_factor:
            raise Problem.single("second_factor_required")
        pair = tokens.issue(user_id=user.pk, workspace_id=place.id, livemode=wanted.mode == "live", at=self.at)
        return _answer(pair, place.role)


class Refresh(Open):
    @documented("refresh_token", tag=TAG, answers={200: TokenDocument}, request=RefreshRequest, open=True,
                codes=("invalid_refresh_token", "refresh_token_reused"))  # fmt: skip
    def post(self, request: Request) -> Response:
        """Exchange a refresh token

        Each is good for one exchange within 30 days. One that is sent twice was copied: everything that follows from
        its sign-in ends, and the person signs in again.
        """
        pair = tokens.refresh(self.document(RefreshRequest).refresh_token, at=self.at)
        info = tokens.holder(f"Bearer {pair.access}", at=self.at)
        return _answer(pair, info.scopes)


class Logout(Open):
    @documented("revoke_token", tag=TAG, answers={204: None}, request=RefreshRequest, open=True,
                codes=("invalid_refresh_token",))  # fmt: skip
    def post(self, request: Request) -> Response:
        """Sign out

        Ends the refresh token and every access token that came from the same sign-in, at once.
        """
        tokens.logout(self.document(RefreshRequest).refresh_token, at=self.at)
        return Response(status=204)


def _signed_in(request: HttpRequest, wanted: TokenRequest) -> User:
    """The person, slowed down like the sign-in page. One answer for a wrong address and a wrong password."""
    account = backoff.Subject(kind="account", name=normalise_email(wanted.email), free=FREE_PER_ACCOUNT)
    network = backoff.network(request.META.get("REMOTE_ADDR", ""))
    address = backoff.Subject(kind="address", name=network, free=FREE_PER_ADDRESS)
    if wait := backoff.admit([account, address]):
        raise Problem.single("too_many_attempts", Retry_After=str(wait))
    user = authenticate(request, username=wanted.email, password=wanted.password)
    if not isinstance(user, User):
        raise Problem.single("sign_in_failed")
    _second_factor(user, wanted.code)
    backoff.forget(account)
    backoff.take_back(address)
    return user


def _second_factor(user: User, code: str | None) -> None:
    """The code of the person's second factor when they have one; staff must."""
    if not (user.second_factor or user.is_staff):
        return
    if not user.second_factor or code is None:
        raise Problem.single("second_factor_required")
    try:
        device = factors.verify(user=user, code=code, at=clock.now())
    except factors.Slowly as error:
        raise Problem.single("too_many_attempts", Retry_After=str(error.wait)) from None
    if device is None:
        raise Problem.single("second_factor_failed")


def _place(user: User, wanted: str | None) -> Place:
    places = memberships(user.pk)
    chosen = _workspace(wanted) if wanted is not None else None
    place = next((each for each in places if chosen is None or each.id == chosen), None)
    if place is None:
        raise Problem.single("not_found", detail="This person belongs to no such workspace.")
    return place


def _workspace(text: str) -> UUID:
    try:
        return ids.decode(ids.WORKSPACE, text)
    except ids.InvalidId:
        raise Problem.single("invalid_id", "#/workspace") from None


def _answer(pair: Pair, may: Any) -> Response:
    scopes = PERMISSIONS.get(may, frozenset()) if isinstance(may, str) else may
    body = {
        "object": "token",
        "token_type": "Bearer",
        "access_token": pair.access,
        "expires_in": int(tokens.ACCESS_KEPT.total_seconds()),
        "refresh_token": pair.refresh,
        "refresh_expires_in": int(tokens.REFRESH_KEPT.total_seconds()),
        "workspace": ids.encode(ids.WORKSPACE, pair.workspace_id),
        "mode": "live" if pair.livemode else "test",
        "scopes": [scope for scope in Scope.values if scope in scopes],
    }
    return Response(body, headers={"Cache-Control": "no-store", "Pragma": "no-cache"})
