"""A vault in a hardware security module, or SoftHSM2, through PKCS#11.

The module makes AES-256 keys that it never gives out (sensitive, not extractable) and wraps with AES-GCM. A key's label
says what it is and its id is the epoch. Needs the package ``python-pkcs11``.
"""

import os
import threading
from collections.abc import Callable
from typing import Any, TypeVar

import pkcs11
from pkcs11 import Attribute, GCMParams, KeyType, Mechanism, MechanismFlag, ObjectClass

from privacy.vault.base import VaultNotReady, VaultRefused

LABEL = "smsplatform-kek"
_NONCE, _TAG_BITS = 12, 128

_LOST = (pkcs11.exceptions.SessionHandleInvalid, pkcs11.exceptions.SessionClosed, pkcs11.exceptions.DeviceError)
# SoftHSM2 answers a wrong tag with its general error.
_REFUSED = (pkcs11.exceptions.EncryptedDataInvalid, pkcs11.exceptions.DataInvalid, pkcs11.exceptions.GeneralError)

R = TypeVar("R")


class Pkcs11Vault:
    """Keys by epoch on one token. One session, used by one thread at a time: sessions carry state."""

    def __init__(self, *, module: str, token: str, pin: str, create: bool = False) -> None:
        """Open the token; ``create`` makes its first key if it has none. Tokens are made with the module's tools."""
        self._where, self._pin = (module, token), pin
        self._lock = threading.RLock()
        self._pid = 0
        self._session: Any = None
        self._keys: dict[int, Any] = {}
        if self._locked(lambda: self._keys):
            return
        if not create:
            raise VaultNotReady("the token holds no key; run manage.py vault_init")
        self.rotate()

    def wrap(self, key: bytes, context: bytes) -> bytes:
        """See ``Vault``. The form is epoch (2 bytes), nonce, ciphertext with tag.

        Looks at the token again: wrapping is rare, and an epoch that another process retired must not wrap any more.
        """
        nonce = os.urandom(_NONCE)

        def encrypt() -> bytes:
            self._keys = _find(self._session)
            epoch = max(self._keys)
            sealed = self._keys[epoch].encrypt(key, mechanism=Mechanism.AES_GCM, mechanism_param=_gcm(nonce, context))
            return epoch.to_bytes(2, "big") + nonce + bytes(sealed)

        return self._locked(encrypt)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """See ``Vault``."""
        epoch, nonce, sealed = self.epoch_of(wrapped), wrapped[2 : 2 + _NONCE], wrapped[2 + _NONCE :]

        def decrypt() -> bytes:
            if epoch not in self._keys:
                self._keys = _find(self._session)
            if epoch not in self._keys:
                raise VaultRefused(f"the vault has no key of epoch {epoch}")
            return bytes(
                self._keys[epoch].decrypt(sealed, mechanism=Mechanism.AES_GCM, mechanism_param=_gcm(nonce, context))
            )

        return self._locked(decrypt)

    def epoch(self) -> int:
        """See ``Vault``."""
        return self._locked(lambda: max(self._keys))

    def epoch_of(self, wrapped: bytes) -> int:
        """See ``Vault``."""
        return int.from_bytes(wrapped[:2], "big")

    def rotate(self) -> int:
        """See ``Vault``. Other processes find the new epoch when they first meet it."""

        def generate() -> int:
            self._keys = _find(self._session)
            epoch = max(self._keys, default=0) + 1
            self._keys[epoch] = _generate(self._session, epoch)
            return epoch

        return self._locked(generate)

    def retire(self, epoch: int) -> None:
        """See ``Vault``."""

        def destroy() -> None:
            self._keys = _find(self._session)
            if epoch == max(self._keys):
                raise VaultRefused("the newest epoch cannot be retired")
            if key := self._keys.pop(epoch, None):
                key.destroy()

        self._locked(destroy)

    def _locked(self, action: Callable[[], R]) -> R:
        """Run on an open session; a fork needs one of its own, and a lost one is opened again once."""
        with self._lock:
            try:
                return self._tried(action)
            except _LOST:
                self._session = None
                return self._tried(action)
            except _REFUSED:
                raise VaultRefused("a wrapped key does not belong to this place") from None
            except pkcs11.exceptions.PKCS11Error as error:
                raise VaultNotReady(f"the token does not work: {type(error).__name__}") from None

    def _tried(self, action: Callable[[], R]) -> R:
        self._open()
        return action()

    def _open(self) -> None:
        forked = self._pid not in (0, os.getpid())
        if self._session is not None and not forked:
            return
        module, token = self._where
        library = pkcs11.lib(module)
        if forked:
            library.reinitialize()
        self._session = _session(library.get_token(token_label=token), self._pin)
        self._keys, self._pid = _find(self._session), os.getpid()


def _session(token: Any, pin: str) -> Any:
    try:
        return token.open(user_pin=pin, rw=True)
    except pkcs11.exceptions.UserAlreadyLoggedIn:  # a login is for the whole process
        return token.open(rw=True)


def _find(session: Any) -> dict[int, Any]:
    wanted = {Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.KEY_TYPE: KeyType.AES, Attribute.LABEL: LABEL}
    return {int.from_bytes(key[Attribute.ID], "big"): key for key in session.get_objects(wanted)}


def _generate(session: Any, epoch: int) -> Any:
    return session.generate_key(
        KeyType.AES,
        256,
        id=epoch.to_bytes(2, "big"),
        label=LABEL,
        store=True,
        capabilities=MechanismFlag.ENCRYPT | MechanismFlag.DECRYPT,
        template={Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False, Attribute.MODIFIABLE: False},
    )


def _gcm(nonce: bytes, context: bytes) -> GCMParams:
    return GCMParams(nonce, context, _TAG_BITS)
