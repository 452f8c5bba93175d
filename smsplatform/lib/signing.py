"""Webhook signatures by Standard Webhooks 1.0: what our customers verify with the ``standardwebhooks`` libraries.

Signed is ``id.timestamp.body``; the header ``webhook-signature`` lists one ``v1,base64`` per secret, separated by
spaces, so that the old and the new secret both verify while a customer changes over.
"""

import base64
import binascii
import datetime as dt
import hmac
import secrets as random
from collections.abc import Sequence
from functools import lru_cache

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

PREFIX = "whsec_"
TOLERANCE_SECONDS = 300
_SECRET_BYTES = 32


class InvalidSecret(ValueError):
    """A signing secret is ``whsec_`` and 24 to 64 bytes in base64."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class InvalidSignature(ValueError):
    """The message was not signed with one of the secrets, or not now. ``code`` says which in one word."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def new_secret() -> str:
    """A fresh secret, shown to the customer once."""
    return PREFIX + base64.b64encode(random.token_bytes(_SECRET_BYTES)).decode()


def key_of(secret: str) -> bytes:
    """The key inside a secret; raises ``InvalidSecret``."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidSecret from None
    if not 24 <= len(key) <= 64:
        raise InvalidSecret
    return key


def sign(secrets: Sequence[str], id: str, at: dt.datetime, body: bytes) -> str:
    """The value of ``webhook-signature`` for a message with this ``webhook-id``, sent at ``at``."""
    if not secrets:
        raise InvalidSecret
    signed = _signed(id, str(_timestamp(at)), body)
    return " ".join(f"v1,{_digest(secret, signed)}" for secret in secrets)


def headers(secrets: Sequence[str], id: str, at: dt.datetime, body: bytes) -> dict[str, str]:
    """The three headers of a webhook."""
    return {
        "webhook-id": id,
        "webhook-timestamp": str(_timestamp(at)),
        "webhook-signature": sign(secrets, id, at, body),
    }


def verify(secrets: Sequence[str], id: str, timestamp: str, signature: str, body: bytes, *, at: dt.datetime) -> None:
    """Accept a message that one of ``secrets`` signed within five minutes of ``at``; raises ``InvalidSignature``.

    ``timestamp`` and ``signature`` are the texts of the headers.
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


def _digest(secret: str, signed: bytes) -> str:
    mac = _keyed(secret).copy()
    mac.update(signed)
    return base64.b64encode(mac.finalize()).decode()


@lru_cache(maxsize=4096)
def _keyed(secret: str) -> HMAC:
    """Ready to be copied: a third of the cost of beginning anew, which counts as every event is signed."""
    return HMAC(key_of(secret), SHA256())
