"""The keys that sign access tokens: making them, rotating them, and publishing their public halves (RFC 7517)."""

import datetime as dt
import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from accounts.models import SigningKey
from smsplatform.lib import ids

ALGORITHM = "RS256"
BITS = 3072
KNOWN_SECONDS = 60.0
# A process may sign with the former key for KNOWN_SECONDS after a rotation, and what it signed lives 15 minutes.
PUBLISHED_AFTER = dt.timedelta(minutes=20)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Known:
    """What this process read, and when."""

    key: SigningKey
    signer: rsa.RSAPrivateKey
    read_at: float


_newest: _Known | None = None
_publics: dict[UUID, tuple[float, rsa.RSAPublicKey, dt.datetime | None]] = {}


def sign(claims: dict[str, Any], *, at: dt.datetime) -> str:
    """A token with these claims, signed by the newest key; the first one is made on first use."""
    known = _signer(at)
    header = {"kid": str(known.key.id), "typ": "at+jwt"}
    return jwt.encode(claims, known.signer, algorithm=ALGORITHM, headers=header)


def public(kid: str, *, at: dt.datetime) -> rsa.RSAPublicKey | None:
    """The public half of a key that may still have signed what is good at ``at``; None for any other name."""
    try:
        key_id = UUID(kid)
    except ValueError:
        return None
    known = _publics.get(key_id)
    if known is None or time.monotonic() - known[0] > KNOWN_SECONDS:
        row = SigningKey.objects.filter(pk=key_id).first()
        if row is None:
            _publics.pop(key_id, None)
            return None
        known = _publics[key_id] = (time.monotonic(), _opened(row).public_key(), row.retired_at)
    return known[1] if _is_published(known[2], at) else None


def published(*, at: dt.datetime) -> list[dict[str, Any]]:
    """Every public key that may have signed a token that is good at ``at``, newest first."""
    rows = SigningKey.objects.order_by("-id")
    return [_jwk(row) for row in rows if _is_published(row.retired_at, at)]


def rotate(*, at: dt.datetime) -> SigningKey:
    """Sign with a new key from now on; the former stays published until what it signed is over."""
    made = _make(at)
    SigningKey.objects.filter(retired_at=None).exclude(pk=made.pk).update(retired_at=at)
    forget()
    return made


def forget() -> None:
    """Read again next time."""
    global _newest  # noqa: PLW0603  # one cache per process
    _newest = None
    _publics.clear()


def _signer(at: dt.datetime) -> _Known:
    global _newest  # noqa: PLW0603  # one cache per process
    known = _newest
    if known is None or time.monotonic() - known.read_at > KNOWN_SECONDS:
        key = SigningKey.objects.filter(retired_at=None).order_by("-id").first() or _make(at)
        known = _newest = _Known(key=key, signer=_opened(key), read_at=time.monotonic())
    return known


def _make(at: dt.datetime) -> SigningKey:
    private = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
    text = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    key = SigningKey(id=ids.uuid7(), private_pem=text.decode(), created_at=at)
    key.save(force_insert=True)
    return key


def _is_published(retired_at: dt.datetime | None, at: dt.datetime) -> bool:
    return retired_at is None or at < retired_at + PUBLISHED_AFTER


def _opened(row: SigningKey) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(str(row.private_pem).encode(), password=None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


def _jwk(row: SigningKey) -> dict[str, Any]:
    shown: dict[str, Any] = RSAAlgorithm.to_jwk(_opened(row).public_key(), as_dict=True)
    return {"kty": "RSA", "n": shown["n"], "e": shown["e"], "kid": str(row.id), "use": "sig", "alg": ALGORITHM}
