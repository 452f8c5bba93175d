"""What a vault is, and how it fails."""

from typing import Protocol


class VaultError(RuntimeError):
    """The vault did not do what was asked; the text holds no key."""


class VaultNotReady(VaultError):
    """The vault is missing, closed or misconfigured: an operator has to act."""


class VaultRefused(VaultError):
    """The vault holds no key that opens this in this context: altered, moved, or its epoch was retired."""


class Vault(Protocol):
    """Wraps 32-byte keys under a key-encryption key that never leaves it.

    ``context`` is bound and not stored: unwrapping in another context fails. Key-encryption keys are numbered by epoch;
    the newest wraps, older ones unwrap until they are retired. Safe for threads. Raises ``VaultError``.
    """

    def wrap(self, key: bytes, context: bytes) -> bytes:
        """``key`` under the newest epoch."""

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """The key in ``wrapped``, whatever epoch wrapped it. Raises ``VaultRefused``."""

    def epoch(self) -> int:
        """The newest epoch."""

    def epoch_of(self, wrapped: bytes) -> int:
        """The epoch that wrapped this."""

    def rotate(self) -> int:
        """Begin a new epoch; earlier ones still unwrap."""

    def retire(self, epoch: int) -> None:
        """Destroy an epoch that is not the newest: what is still wrapped under it is lost for good."""
