"""The log's keys: all from one secret of the platform, which the key store keeps wrapped under the vault."""

import hmac

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from privacy import audit, keyring
from privacy.sealing import notes
from privacy.sealing.notes import Checkpoint, Verifier
from privacy.sealing.records import Row, Seal


def seal_mac(seal: Seal, chain: bytes) -> bytes:
    """The mac of a seal, chained to the one before."""
    return _key().mac(seal.content(chain))


def is_written_by_us(row: Row) -> bool:
    """Whether the row carries its writer's mark."""
    return hmac.compare_digest(row.mac, audit.mac(row.leaf))


def origin() -> str:
    """The log's name: where it is published, without the scheme."""
    return f"{settings.BASE_URL.partition('://')[2].rstrip('/')}/audit"


def verifier() -> Verifier:
    """The public key."""
    return notes.verifier(origin(), _signing_key())


def sign(size: int, root: bytes) -> str:
    """A signed checkpoint."""
    checkpoint = Checkpoint(origin=origin(), size=size, root=root)
    return notes.sign(checkpoint.text, name=checkpoint.origin, key=_signing_key())


def _key() -> keyring.DataKey:
    return keyring.key(keyring.PLATFORM, keyring.Purpose.AUDIT)


def _signing_key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(_key().mac(b"checkpoint"))
