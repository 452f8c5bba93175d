"""What a vault is: it wraps keys under a key-encryption key that never leaves it."""

from typing import Protocol


class VaultError(RuntimeError):
    """The vault cannot do this; the text holds no key."""


class Vault(Protocol):
    """Wraps and unwraps 32-byte keys. ``context`` is bound: unwrapping with another context fails."""

    def wrap(self, key: bytes, context: bytes) -> bytes:
        """``key`` under the current epoch's key-encryption key."""

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """The key in ``wrapped``, whatever epoch wrapped it. Raises ``VaultError``."""

    def epoch(self) -> int:
        """The epoch that wraps new keys."""

    def rotate(self) -> int:
        """Begin a new epoch; earlier ones still unwrap."""
