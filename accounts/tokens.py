"""Tokens for apps: a person signs in once and their app calls the API as them, in one workspace and mode.

An access token (RFC 9068, RS256) is good for 15 minutes; a refresh token for 30 days and one exchange. Both end with
their family: at logout, and when a refresh token is used twice, because then two hold what one was given. An access
token is more than its signature: whether its family lives and what its person may do is read for every request.
"""

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import jwt
from django.conf import settings
from django.db import connections

from accounts import signing_keys
from accounts.keys import RATE_MAX, KeyInfo
from accounts.models import RefreshToken
from accounts.roles import PERMISSIONS, Scope
from privacy import audit
from smsplatform.lib import ids, secrets
from smsplatform.lib.api import versions
from smsplatform.lib.api.problems import Problem
from smsplatform.lib.tenancy import scope

ACCESS_KEPT = dt.timedelta(minutes=15)
REFRESH_KEPT = dt.timedelta(days=30)
PREFIX = "rt_"
REQUIRED = ["iss", "aud", "sub", "exp", "iat", "jti", "sid", "wsp", "mode"]
LENGTH_MAX = 4096


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """What an app holds after signing in or refreshing."""

    access: str
    access_expires_at: dt.datetime
    refresh: str
    refresh_expires_at: dt.datetime
    workspace_id: UUID
    livemode: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class SignedIn:
    """An app that somebody is signed in to. ``seen_at`` is when it last took a new pair."""

    family: UUID
    workspace_id: UUID
    workspace_name: str
    livemode: bool
    since: dt.datetime
    seen_at: dt.datetime


def issue(*, user_id: UUID, workspace_id: UUID, livemode: bool, at: dt.datetime) -> Pair:
    """The first pair of a new family, for a person who has just proved who they are."""
    with scope.workspace(workspace_id):
        pair = _pair(user_id=user_id, workspace_id=workspace_id, livemode=livemode, family=ids.uuid7(), at=at)
        audit.record(action="user:token:issued", workspace=workspace_id, actor=user_id, at=at, details={})
    return pair


def refresh(secret: str, *, at: dt.datetime) -> Pair:
    """Exchange a refresh token for a new pair. Raises ``Problem``; one used before ends its whole family."""
    workspace_id = _workspace_of(secret)
    if workspace_id is None:
        raise Problem.single("invalid_refresh_token")
    with scope.workspace(workspace_id):
        row = RefreshToken.objects.select_for_update().get(digest=_digest(secret))
        pair = _exchanged(row, at)
    if pair is None:  # said after the commit: the end of the family is to stay
        raise Problem.single("refresh_token_reused")
    return pair


def logout(secret: str, *, at: dt.datetime) -> None:
    """End the family of a refresh token; its access tokens are refused from the next request on."""
    workspace_id = _workspace_of(secret)
    if workspace_id is None:
        raise Problem.single("invalid_refresh_token")
    with scope.workspace(workspace_id):
        row = RefreshToken.objects.get(digest=_digest(secret))
        _end(row, at, "revoked")


def signed_in(*, user_id: UUID, at: dt.datetime) -> list[SignedIn]:
    """The apps of a person in all workspaces, the one used last first; 50 at most."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT * FROM access.apps(%s, %s)", [scope.token(user_id, kind="u"), at])
        names = SignedIn.__slots__
        return [SignedIn(**dict(zip(names, row, strict=True))) for row in cursor.fetchall()]


def end(*, user_id: UUID, family: UUID, at: dt.datetime) -> bool:
    """End one of a person's own families, outside of any scope; whether there was one."""
    app = next((app for app in signed_in(user_id=user_id, at=at) if app.family == family), None)
    if app is None:
        return False
    with scope.workspace(app.workspace_id):
        _end(RefreshToken.objects.filter(family=family, user_id=user_id).latest("created_at"), at, "revoked")
    return True


def end_all(*, user_id: UUID, at: dt.datetime) -> int:
    """End every family of a person, in all workspaces, as after a new password; how many refresh tokens."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT access.revoke_tokens(%s, %s)", [scope.token(user_id, kind="u"), at])
        return int(cursor.fetchone()[0])


def is_token(authorization: str) -> bool:
    """Whether an ``Authorization`` header carries a token and no key: a JWT begins with ``{"`` in base64."""
    return authorization[7:10] == "eyJ" and authorization[:7].lower() == "bearer "


def holder(authorization: str, *, at: dt.datetime) -> KeyInfo:
    """Who asks and what they may do, as if their token were a key. Raises ``Problem``."""
    claims = verified(authorization[7:].strip(), at=at)
    try:
        family, workspace = UUID(claims["sid"]), ids.decode(ids.WORKSPACE, claims["wsp"])
        user = ids.decode(ids.USER, claims["sub"])
    except (ValueError, AttributeError, TypeError):
        raise Problem.single("invalid_token") from None
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT * FROM access.token_holder(%s, %s, %s)", [family, user, workspace])
        row = cursor.fetchone()
    if row is None:
        raise Problem.single("revoked_token")
    role, currency, body_hours, price_plan_id, sends_max, closed_at, suspended_at = row
    return KeyInfo(
        id=family, workspace_id=workspace, livemode=claims["mode"] == "live",
        scopes=PERMISSIONS.get(role, frozenset()) & frozenset(Scope.values), ip_ranges=(), rate_max=RATE_MAX,
        day_max=None, money_max=None, sender_ids=(), countries=(), expires_at=None, revoked_at=None, currency=currency,
        body_hours=body_hours, price_plan_id=price_plan_id, sends_max=sends_max, closed_at=closed_at,
        suspended_at=suspended_at, api_version=versions.newest(), user_id=user,
    )  # fmt: skip


def verified(token: str, *, at: dt.datetime) -> dict[str, Any]:
    """The claims of an access token that we signed and that is good at ``at``. Raises ``Problem``."""
    try:
        if len(token) > LENGTH_MAX:
            raise jwt.InvalidTokenError
        key = signing_keys.public(str(jwt.get_unverified_header(token).get("kid", "")), at=at)
        if key is None:
            raise jwt.InvalidTokenError
        claims: dict[str, Any] = jwt.decode(
            token, key, algorithms=[signing_keys.ALGORITHM], audience=_audience(), issuer=settings.BASE_URL,
            options={"require": REQUIRED, "verify_exp": False, "verify_iat": False, "strict_aud": True},
        )  # fmt: skip
    except jwt.InvalidTokenError:
        raise Problem.single("invalid_token") from None
    if not isinstance(claims["exp"], int) or claims["exp"] <= at.timestamp():
        raise Problem.single("expired_token")
    return claims


def _exchanged(row: RefreshToken, at: dt.datetime) -> Pair | None:
    """The pair that follows ``row``; None, and the family's end, when it was used before."""
    if row.used_at is not None:
        _end(row, at, "reused")
        return None
    if row.revoked_at is not None or row.expires_at <= at or not _is_member(row):
        raise Problem.single("invalid_refresh_token")
    row.used_at = at
    row.save(update_fields=["used_at"])
    return _pair(user_id=row.user_id, workspace_id=row.workspace_id, livemode=row.livemode, family=row.family, at=at)


def _pair(*, user_id: UUID, workspace_id: UUID, livemode: bool, family: UUID, at: dt.datetime) -> Pair:
    secret = PREFIX + secrets.token(32)
    expires_at = at + REFRESH_KEPT
    RefreshToken.objects.create(
        workspace_id=workspace_id, user_id=user_id, family=family, digest=_digest(secret), livemode=livemode,
        created_at=at, expires_at=expires_at,
    )  # fmt: skip
    claims = {
        "iss": settings.BASE_URL, "aud": _audience(), "sub": ids.encode(ids.USER, user_id),
        "iat": int(at.timestamp()), "exp": int((at + ACCESS_KEPT).timestamp()), "jti": ids.uuid7().hex,
        "sid": str(family), "wsp": ids.encode(ids.WORKSPACE, workspace_id), "mode": "live" if livemode else "test",
    }  # fmt: skip
    return Pair(
        access=signing_keys.sign(claims, at=at), access_expires_at=at + ACCESS_KEPT, refresh=secret,
        refresh_expires_at=expires_at, workspace_id=workspace_id, livemode=livemode,
    )  # fmt: skip


def _end(row: RefreshToken, at: dt.datetime, what: str) -> None:
    if RefreshToken.objects.filter(family=row.family, revoked_at=None).update(revoked_at=at):
        audit.record(
            action=f"user:token:{what}", workspace=row.workspace_id, actor=row.user_id, at=at,
            details={"family": str(row.family)},
        )  # fmt: skip


def _is_member(row: RefreshToken) -> bool:
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT 1 FROM access.token_holder(%s, %s, %s)", [row.family, row.user_id, row.workspace_id])
        return cursor.fetchone() is not None


def _workspace_of(secret: str) -> UUID | None:
    if not secret.startswith(PREFIX) or not secret.isascii():
        return None
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT access.refresh_token_workspace(%s)", [_digest(secret)])
        found: UUID | None = cursor.fetchone()[0]
    return found


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _audience() -> str:
    return f"{settings.BASE_URL}/v1"
