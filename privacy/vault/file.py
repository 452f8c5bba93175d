"""A vault in a file of mode 0600: for one machine, tests and the quick start.

The file holds one random AES-256 key per epoch as JSON. Whoever reads it and the key store reads everything, so it
belongs on another disk and in another backup than the databases.
"""

import base64
import json
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from privacy.vault.base import VaultError

_NONCE = 12


class FileVault:
    """Keys by epoch; the highest epoch wraps."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self._keys = self._read()

    @classmethod
    def create(cls, path: str) -> "FileVault":
        """Make the file with its first key; leaves an existing one alone."""
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            _write(target, {1: secrets.token_bytes(32)})
        return cls(path)

    def wrap(self, key: bytes, context: bytes) -> bytes:
        """See ``Vault``. The form is epoch (2 bytes), nonce, ciphertext with tag."""
        epoch, nonce = self.epoch(), os.urandom(_NONCE)
        return epoch.to_bytes(2, "big") + nonce + AESGCM(self._keys[epoch]).encrypt(nonce, key, context)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """See ``Vault``."""
        epoch, nonce, sealed = int.from_bytes(wrapped[:2], "big"), wrapped[2 : 2 + _NONCE], wrapped[2 + _NONCE :]
        if epoch not in self._keys:
            self._keys = self._read()
        if epoch not in self._keys:
            raise VaultError(f"the vault has no key of epoch {epoch}")
        try:
            return AESGCM(self._keys[epoch]).decrypt(nonce, sealed, context)
        except InvalidTag:
            raise VaultError("a wrapped key does not belong to this place") from None

    def epoch(self) -> int:
        """See ``Vault``."""
        return max(self._keys)

    def rotate(self) -> int:
        """See ``Vault``. Other processes read the new epoch when they first meet it."""
        self._keys = self._read()
        self._keys[self.epoch() + 1] = secrets.token_bytes(32)
        _write(self._path, self._keys)
        return self.epoch()

    def _read(self) -> dict[int, bytes]:
        try:
            stored = json.loads(self._path.read_text())
        except FileNotFoundError:
            raise VaultError("the vault file is missing; run manage.py vault_init") from None
        return {int(epoch): base64.b64decode(key) for epoch, key in stored["keys"].items()}


def _write(path: Path, keys: dict[int, bytes]) -> None:
    """Replace the file whole, readable by its owner only at every moment."""
    scratch = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump({"keys": {str(epoch): base64.b64encode(key).decode() for epoch, key in keys.items()}}, file)
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(path)
