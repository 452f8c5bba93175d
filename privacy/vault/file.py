"""A vault in a file of mode 0600: for one machine, tests and the quick start.

The file holds one random AES-256 key per epoch as JSON. Whoever reads it and the key store reads everything, so it
belongs on another disk and in another backup than the databases.
"""

import base64
import contextlib
import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from privacy.vault.base import VaultNotReady, VaultRefused

_NONCE = 12


class FileVault:
    """Keys by epoch; the highest epoch wraps."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self._keys = self._read()

    @classmethod
    def create(cls, path: str) -> "FileVault":
        """Make the file with its first key; leaves an existing one alone, also one made at the same moment."""
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            scratch = _write_beside(target, {1: secrets.token_bytes(32)})
            with contextlib.suppress(FileExistsError):
                os.link(scratch, target)  # unlike a rename, a link never replaces what somebody else just made
            scratch.unlink()
        return cls(path)

    def wrap(self, key: bytes, context: bytes) -> bytes:
        """See ``Vault``. The form is epoch (2 bytes), nonce, ciphertext with tag.

        Reads the file again: wrapping is rare, and an epoch that another process retired must not wrap any more.
        """
        self._keys = self._read()
        epoch, nonce = self.epoch(), os.urandom(_NONCE)
        return epoch.to_bytes(2, "big") + nonce + AESGCM(self._keys[epoch]).encrypt(nonce, key, context)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """See ``Vault``."""
        epoch, nonce, sealed = self.epoch_of(wrapped), wrapped[2 : 2 + _NONCE], wrapped[2 + _NONCE :]
        if epoch not in self._keys:
            self._keys = self._read()
        if epoch not in self._keys:
            raise VaultRefused(f"the vault has no key of epoch {epoch}")
        try:
            return AESGCM(self._keys[epoch]).decrypt(nonce, sealed, context)
        except (InvalidTag, ValueError):  # the second for a nonce that is too short
            raise VaultRefused("a wrapped key does not belong to this place") from None

    def epoch(self) -> int:
        """See ``Vault``."""
        return max(self._keys)

    def epoch_of(self, wrapped: bytes) -> int:
        """See ``Vault``."""
        return int.from_bytes(wrapped[:2], "big")

    def rotate(self) -> int:
        """See ``Vault``. Other processes read the new epoch when they first meet it."""
        with _alone(self._path):
            keys = self._read()
            keys[max(keys) + 1] = secrets.token_bytes(32)
            self._replace(keys)
        return self.epoch()

    def retire(self, epoch: int) -> None:
        """See ``Vault``."""
        with _alone(self._path):
            keys = self._read()
            if epoch == max(keys):
                raise VaultRefused("the newest epoch cannot be retired")
            keys.pop(epoch, None)
            self._replace(keys)

    def _replace(self, keys: dict[int, bytes]) -> None:
        _write_beside(self._path, keys).replace(self._path)
        self._keys = keys

    def _read(self) -> dict[int, bytes]:
        try:
            if self._path.stat().st_mode & 0o077:
                raise VaultNotReady("the vault file is open to others; chmod 600 it")
            stored = json.loads(self._path.read_text())
        except FileNotFoundError:
            raise VaultNotReady("the vault file is missing; run manage.py vault_init") from None
        return {int(epoch): base64.b64decode(key) for epoch, key in stored["keys"].items()}


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One writer at a time: an epoch lost between two of them would take every key it wrapped along."""
    with path.with_name(f"{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _write_beside(path: Path, keys: dict[int, bytes]) -> Path:
    """A whole new file next to ``path``, on disk and readable by its owner only at every moment."""
    scratch = path.with_name(f"{path.name}.{os.getpid()}-{secrets.token_hex(4)}")
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump({"keys": {str(epoch): base64.b64encode(key).decode() for epoch, key in keys.items()}}, file)
        file.flush()
        os.fsync(file.fileno())
    return scratch
