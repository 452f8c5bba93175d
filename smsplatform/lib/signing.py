"""Webhook signatures by Standard Webhooks 1.0: what our customers verify with the ``standardwebhooks`` libraries.

Signed is ``id.timestamp.body``; the header ``webhook-signature`` lists one entry per secret, separated by spaces, so
that the old and the new secret both verify while a customer changes over. A shared secret (``whsec_``) makes an entry
``v1,base64`` by HMAC-SHA256; a private key (``whsk_``) one ``v1a,base64`` by Ed25519, which its public key (``whpk_``)
verifies.
"""

import base64
import binascii
import datetime as dt
import hmac
import secrets as random
from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

PREFIX, PRIVATE, PUBLIC = "whsec_", "whsk_", "whpk_"
TOLERANCE_SECONDS = 300
_SECRET_BYTES = 32
_SEED_BYTES = 32  # the first half of a private key; the other is the public key


class Scheme(StrEnum):
    """How events are signed: by a secret that both sides hold, or by a key pair of which the receiver has one half."""

    HMAC = "hmac"
    ED25519 = "ed25519"


class InvalidSecret(ValueError):
    """A signing secret is ``whsec_`` and 24 to 64 bytes in base64, or ``whsk_`` and a pair of Ed25519 keys."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class InvalidSignature(ValueError):
    """The message was not signed with one of the secrets, or not now. ``code`` says which in one word."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def new_secret(scheme: str = Scheme.HMAC) -> str:
    """A fresh secret, shown to the customer once; or a private key, which is never shown."""
    if scheme == Scheme.ED25519:
        pair = Ed25519PrivateKey.generate()
        return PRIVATE + base64.b64encode(pair.private_bytes_raw() + pair.public_key().public_bytes_raw()).decode()
    return PREFIX + base64.b64encode(random.token_bytes(_SECRET_BYTES)).decode()


def scheme_of(secret: str) -> Scheme:
    """What a stored secret signs by."""
    return Scheme.ED25519 if secret.startswith(PRIVATE) else Scheme.HMAC


def public_key_of(secret: str) -> str:
    """``whpk_`` and the half of a private key that anybody may know; raises ``InvalidSecret``."""
    return PUBLIC + base64.b64encode(_private(secret).public_key().public_bytes_raw()).decode()


def key_of(secret: str) -> bytes:
    """The key inside a shared secret; raises ``InvalidSecret``."""
    key = _decoded(secret.removeprefix(PREFIX))
    if not 24 <= len(key) <= 64:
        raise InvalidSecret
    return key


def sign(secrets: Sequence[str], id: str, at: dt.datetime, body: bytes) -> str:
    """The value of ``webhook-signature`` for a message with this ``webhook-id``, sent at ``at``."""
    if not secrets:
        raise InvalidSecret
    signed = _signed(id, str(_timestamp(at)), body)
    return " ".join(_entry(secret, signed) for secret in secrets)


def headers(secrets: Sequence[str], id: str, at: dt.datetime, body: bytes) -> dict[str, str]:
    """The three headers of a webhook."""
    return {
        "webhook-id": id,
        "webhook-timestamp": str(_timestamp(at)),
        "webhook-signature": sign(secrets, id, at, body),
    }


def verify(secrets: Sequence[str], id: str, timestamp: str, signature: str, body: bytes, *, at: dt.datetime) -> None:
    """Accept a message that one of ``secrets`` signed within five minutes of ``at``; raises ``InvalidSignature``.

    They are shared ones. ``timestamp`` and ``signature`` are the texts of the headers.
    """
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise InvalidSignature("timestamp")
    if abs(int(timestamp) - _timestamp(at)) > TOLERANCE_SECONDS:
        raise InvalidSignature("too_old" if int(timestamp) < _timestamp(at) else "too_new")
    signed = _signed(id, timestamp, body)
    expected = [_digest(secret, signed).encode() for secret in secrets]
    given = [text[3:].encode() for text in signature.split(" ")[:20] if text.startswith("v1,")]
    # Every pair is compared, in constant time each, whatever the earlier ones gave.
    if not sum(hmac.compare_digest(one, other) for one in expected for other in given):
        raise InvalidSignature("signature")


def _timestamp(at: dt.datetime) -> int:
    return int(at.timestamp())


def _signed(id: str, timestamp: str, body: bytes) -> bytes:
    return b"%b.%b.%b" % (id.encode(), timestamp.encode(), body)


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidSecret from None


def _entry(secret: str, signed: bytes) -> str:
    if secret.startswith(PRIVATE):
        return f"v1a,{base64.b64encode(_private(secret).sign(signed)).decode()}"
    return f"v1,{_digest(secret, signed)}"


def _digest(secret: str, signed: bytes) -> str:
    mac = _keyed(secret).copy()
    mac.update(signed)
    return base64.b64encode(mac.finalize()).decode()


@lru_cache(maxsize=4096)
def _keyed(secret: str) -> HMAC:
    """Ready to be copied: a third of the cost of beginning anew, which counts as every event is signed."""
    return HMAC(key_of(secret), SHA256())


@lru_cache(maxsize=4096)
def _private(secret: str) -> Ed25519PrivateKey:
    """Read once, because every event is signed."""
    pair = _decoded(secret.removeprefix(PRIVATE)) if secret.startswith(PRIVATE) else b""
    if len(pair) != 2 * _SEED_BYTES:
        raise InvalidSecret
    private = Ed25519PrivateKey.from_private_bytes(pair[:_SEED_BYTES])
    if private.public_key().public_bytes_raw() != pair[_SEED_BYTES:]:
        raise InvalidSecret
    return private
