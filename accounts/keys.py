"""API keys: making them, and answering quickly whose key a request carries.

The gate keeps answers for a few seconds (``smsplatform/lib/fresh.py``). Revocation does not wait for that where it
matters: the accept statement checks the key's row again.
"""

import datetime as dt
import hashlib
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import connections

from accounts.models import ApiKey, Workspace
from accounts.roles import Scope
from privacy import audit
from smsplatform.lib import secrets
from smsplatform.lib.api.problems import Problem

PREFIXES = ("sk_test_", "sk_live_")


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
    expires_at: dt.datetime | None
    revoked_at: dt.datetime | None
    currency: str
    body_hours: int
    price_plan_id: UUID
    sends_max: int
    closed_at: dt.datetime | None

    def check(self, *, scope_needed: str, address: str, at: dt.datetime) -> None:
        """Raise the ``Problem`` that says why this key may not be used here and now."""
        if self.revoked_at and self.revoked_at <= at:
            raise Problem.single("revoked_key")
        if self.closed_at and self.closed_at <= at:
            raise Problem.single("revoked_key")
        if self.expires_at and self.expires_at <= at:
            raise Problem.single("expired_key")
        if self.ip_ranges and not _inside(address, self.ip_ranges):
            raise Problem.single("ip_not_allowed")
        if scope_needed not in self.scopes:
            raise Problem.single("missing_scope", detail=f"This key lacks the scope {scope_needed}.")


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
    names = KeyInfo.__slots__
    values = dict(zip(names, row, strict=True))
    return KeyInfo(**{**values, "scopes": frozenset(values["scopes"]), "ip_ranges": tuple(values["ip_ranges"])})


def find(digest: bytes) -> KeyInfo | None:
    """The key with this digest, from the database."""
    with connections["default"].cursor() as cursor:
        cursor.execute(FIND, [digest])
        row = cursor.fetchone()
    return info_of(row) if row else None


def create(
    *,
    workspace: Workspace,
    name: str,
    livemode: bool,
    scopes: Sequence[str] = tuple(Scope),
    ip_ranges: Sequence[str] = (),
    by: UUID | None,
    at: dt.datetime,
) -> tuple[ApiKey, str]:
    """Make a key in the open scope of ``workspace``; the secret is returned here and never again."""
    secret = ("sk_live_" if livemode else "sk_test_") + secrets.token(32)
    key = ApiKey.objects.create(
        workspace=workspace,
        name=name,
        livemode=livemode,
        digest=hashlib.sha256(secret.encode()).digest(),
        last4=secret[-4:],
        scopes=list(scopes),
        ip_ranges=[str(ipaddress.ip_network(item, strict=False)) for item in ip_ranges],
        created_by=by,
        created_at=at,
    )
    audit.record(action="user:api_key:created", workspace=workspace.id, actor=by, at=at, details={"key": str(key.id)})
    return key, secret


def revoke(*, key: ApiKey, by: UUID | None, at: dt.datetime) -> None:
    """Stop a key at once; the accept statement checks the row, whatever a cache says."""
    ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=at)
    audit.record(
        action="user:api_key:revoked", workspace=key.workspace_id, actor=by, at=at, details={"key": str(key.id)}
    )
