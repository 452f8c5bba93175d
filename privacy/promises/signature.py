"""Ed25519 signatures of reports. The private half is derived from a key of the key ring whenever it is needed, so it is
stored nowhere and as safe as the vault; the public half is named by that key's id.
"""

import base64
from dataclasses import dataclass
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from privacy import keyring
from privacy.keyring import PLATFORM, DataKey, Purpose

LABEL = b"promises.report.ed25519"


@dataclass(frozen=True, kw_only=True, slots=True)
class Signed:
    """A signature and the key it was made with."""

    key_id: UUID
    signature: bytes


def sign(document: bytes) -> Signed:
    """Sign with the newest key of the platform."""
    key = keyring.key(PLATFORM, Purpose.SECRETS)
    return Signed(key_id=key.id, signature=_private(key).sign(document))


def verify(document: bytes, signed: Signed) -> bool:
    """Whether this platform signed exactly these bytes."""
    try:
        public(signed.key_id).verify(signed.signature, document)
    except (InvalidSignature, keyring.KeyDestroyed):
        return False
    return True


def public(key_id: UUID) -> Ed25519PublicKey:
    """The public half. Raises ``KeyDestroyed`` for a key that is not there."""
    return _private(keyring.by_id(key_id)).public_key()


def jwk(key_id: UUID) -> dict[str, str]:
    """The public half as RFC 8037 writes it."""
    raw = public(key_id).public_bytes_raw()
    return {
        "kty": "OKP", "crv": "Ed25519", "use": "sig", "kid": str(key_id),
        "x": base64.urlsafe_b64encode(raw).rstrip(b"=").decode(),
    }  # fmt: skip


def _private(key: DataKey) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(key.mac(LABEL))
