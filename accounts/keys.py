"""API keys: making them, and answering quickly whose key a request carries.

The gate keeps answers for up to ``KNOWN_SECONDS`` (``smsplatform/lib/fresh.py``). Revocation does not wait for that:
the accept statement checks the key's row again, and everything but sending reads it for each request. Other changes
(limits, the end of a former secret that is brought forward) reach the gate within those seconds.
"""

import datetime as dt
import hashlib
import ipaddress
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import connections, transaction

from accounts.models import ApiKey, Workspace
from accounts.roles import Scope
from privacy import audit
from smsplatform.lib import ids, limits, secrets
from smsplatform.lib.api.problems import Problem

PREFIXES = ("sk_test_", "sk_live_")
KNOWN_SECONDS = 10.0
OVERLAP_MAX = dt.timedelta(hours=24)
TOUCH_SECONDS = 60.0
RATE_MAX = 2000  # messages per second unless a key says less


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyInfo:
    """What a request may do, read from its key and workspace."""

    id: UUID
    workspace_id: UUID
    livemode: bool
    scopes: frozenset[str]
    ip_ranges: tuple[str, ...]
    rate_max: int
    day_max: int | None
    money_max: int | None  # micro-units per day
    sender_ids: tuple[UUID, ...]
    countries: tuple[str, ...]
    expires_at: dt.datetime | None
    revoked_at: dt.datetime | None
    currency: str
    body_hours: int | None  # the workspace's own, if it set any
    price_plan_id: UUID
    sends_max: int
    closed_at: dt.datetime | None
    suspended_at: dt.datetime | None  # the workspace or the key, by the operator
    api_version: str
    user_id: UUID | None = None  # the person, when it is an access token and no key

    def check(self, *, scope_needed: str, address: str, at: dt.datetime) -> None:
        """Raise the ``Problem`` that says why this key may not be used here and now."""
        if self.revoked_at and self.revoked_at <= at:
            raise Problem.single("revoked_key")
        if self.closed_at and self.closed_at <= at:
            raise Problem.single("revoked_key")
        if self.suspended_at and self.suspended_at <= at:
            raise Problem.single("workspace_suspended")
        if self.expires_at and self.expires_at <= at:
            raise Problem.single("expired_key")
        if self.ip_ranges and not _inside(address, self.ip_ranges):
            raise Problem.single("ip_not_allowed")
        if scope_needed not in self.scopes:
            raise Problem.single("missing_scope", detail=f"This key lacks the scope {scope_needed}.")


def windows(info: KeyInfo) -> tuple[limits.Window, ...]:
    """How many messages this key may send, per second and per day."""
    return _windows(info.id, info.rate_max, info.day_max)


@lru_cache(maxsize=10_000)
def _windows(key: UUID, rate_max: int, day_max: int | None) -> tuple[limits.Window, ...]:
    second = limits.Window("send", f"send:{key}", rate_max, 1)
    return (second,) if day_max is None else (second, limits.Window("day", f"day:{key}", day_max, 86400))


@lru_cache(maxsize=4096)
def _inside(address: str, ranges: tuple[str, ...]) -> bool:
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(ip in ipaddress.ip_network(item) for item in ranges)


def digest_of(authorization: str) -> bytes:
    """The SHA-256 of the secret in an ``Authorization`` header; ``missing_key`` or ``invalid_key`` if there is none."""
    kind, _, secret = authorization.partition(" ")
    if not kind:
        raise Problem.single("missing_key")
    secret = secret.strip()
    if kind.lower() != "bearer" or not secret.startswith(PREFIXES) or not secret.isascii():
        raise Problem.single("invalid_key")
    return hashlib.sha256(secret.encode()).digest()


FIND = "SELECT * FROM access.key_by_digest(%s)"


def info_of(row: Sequence[Any]) -> KeyInfo:
    """The key in a row of ``FIND``."""
    values = dict(zip(KeyInfo.__slots__[:-1], row, strict=True))
    values["scopes"] = frozenset(values["scopes"])
    for name in ("ip_ranges", "sender_ids", "countries"):
        values[name] = tuple(values[name])
    return KeyInfo(**values)


def find(digest: bytes) -> KeyInfo | None:
    """The key with this digest, from the database."""
    with connections["default"].cursor() as cursor:
        cursor.execute(FIND, [digest])
        row = cursor.fetchone()
    return info_of(row) if row else None


_touched: dict[UUID, float] = {}


def is_unseen(key_id: UUID) -> bool:
    """Whether this process has not noted a use of the key for a minute; from now on it counts as noted."""
    tick = time.monotonic()
    if tick - _touched.get(key_id, -TOUCH_SECONDS) < TOUCH_SECONDS:
        return False
    if len(_touched) > 10_000:
        _touched.clear()
    _touched[key_id] = tick
    return True


def touch(key_id: UUID, at: dt.datetime) -> None:
    """Note that a key was used; the database keeps it to once a minute."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT access.touch_keys(%s, %s)", [[key_id], at])


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What a key may do; None and empty mean no limit. ``money_max`` is in micro-units per day."""

    scopes: Sequence[str] = tuple(Scope)
    expires_at: dt.datetime | None = None
    ip_ranges: Sequence[str] = ()
    sender_ids: Sequence[UUID] = ()
    countries: Sequence[str] = ()
    rate_max: int = RATE_MAX
    day_max: int | None = None
    money_max: int | None = None

    def columns(self) -> dict[str, Any]:
        """As the fields of ``ApiKey``; IP ranges in their short form."""
        return {
            "scopes": list(self.scopes),
            "expires_at": self.expires_at,
            "ip_ranges": [str(ipaddress.ip_network(item, strict=False)) for item in self.ip_ranges],
            "sender_ids": list(self.sender_ids),
            "countries": list(self.countries),
            "rate_max": self.rate_max,
            "day_max": self.day_max,
            "money_max": self.money_max,
        }


def create(
    *,
    workspace: Workspace,
    name: str,
    livemode: bool,
    limits: Limits | None = None,
    id: UUID | None = None,
    by: UUID | None,
    at: dt.datetime,
    **few: Any,
) -> tuple[ApiKey, str]:
    """Make a key in the open scope of ``workspace``; the secret is returned here and never again.

    ``few`` are fields of ``Limits``, for callers that set one or two. Raises ``IntegrityError`` when ``id`` is taken.
    """
    secret = _secret(livemode)
    key = ApiKey(
        id=id or ids.uuid7(),
        workspace=workspace,
        name=name,
        livemode=livemode,
        digest=_digest(secret),
        last4=secret[-4:],
        created_by=by,
        created_at=at,
        **(limits or Limits(**few)).columns(),
    )
    with transaction.atomic():
        key.save(force_insert=True)
        _record("created", key, by, at)
    return key, secret


def change(*, key: ApiKey, name: str, limits: Limits, by: UUID | None, at: dt.datetime) -> None:
    """Give a key another name and other limits, in the open scope of its workspace."""
    ApiKey.objects.filter(pk=key.pk).update(name=name, **limits.columns())
    _record("changed", key, by, at)


def rotate(*, key: ApiKey, overlap: dt.timedelta, by: UUID | None, at: dt.datetime) -> str | None:
    """Give a key a new secret, returned here and never again; the present one stays good for ``overlap``.

    A secret from a rotation before this one ends now. None when somebody else rotated or revoked it since ``key``
    was read. Raises ``ValueError`` for an overlap beyond ``OVERLAP_MAX``.
    """
    if not dt.timedelta() <= overlap <= OVERLAP_MAX:
        raise ValueError("overlap")
    secret = _secret(key.livemode)
    changed = ApiKey.objects.filter(pk=key.pk, digest=key.digest, revoked_at=None).update(
        digest=_digest(secret), last4=secret[-4:], former_digest=key.digest, former_expires_at=at + overlap
    )
    if not changed:
        return None
    _record("rotated", key, by, at, overlap_seconds=str(int(overlap.total_seconds())))
    return secret


def revoke(*, key: ApiKey, by: UUID | None, at: dt.datetime) -> None:
    """Stop a key at once, with both its secrets; the accept statement checks the row, whatever a cache says."""
    if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=at):
        _record("revoked", key, by, at)


def _secret(livemode: bool) -> str:
    return ("sk_live_" if livemode else "sk_test_") + secrets.token(32)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _record(what: str, key: ApiKey, by: UUID | None, at: dt.datetime, **details: str) -> None:
    audit.record(
        action=f"user:api_key:{what}", workspace=key.workspace_id, actor=by, at=at,
        details={"key": str(key.id), **details},
    )  # fmt: skip
