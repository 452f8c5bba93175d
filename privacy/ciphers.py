"""Sealing values, finding them without opening them, and the model field that does both quietly.

A sealed value is version (1 byte), key id (16), nonce (12), AES-256-GCM ciphertext and tag. The associated data names
field, workspace and row, so a ciphertext moved anywhere else does not open. Lookups go through a blind index: the
first 128 bits of an HMAC under the workspace's index key.
"""

import os
import time
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from django.core.exceptions import FieldError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from privacy import keyring
from privacy.keyring import PLATFORM, DataKey, KeyDestroyed, Purpose
from smsplatform.lib.tenancy import staff

__all__ = [
    "CipherError",
    "DataKey",
    "EncryptedField",
    "KeyDestroyed",
    "WrongContext",
    "aad",
    "blind_index",
    "platform_index",
    "seal",
    "unseal",
]

VERSION = b"\x01"
_KEY_ID, _NONCE, _TEXT = 1, 17, 29


class CipherError(ValueError):
    """This is not a sealed value."""


class WrongContext(CipherError):
    """This value was sealed for another field, row or workspace, or was altered."""


def aad(label: str, workspace: UUID, row: UUID) -> bytes:
    """Associated data: ``label`` is ``app.Model.field``."""
    return label.encode() + b"\0" + workspace.bytes + row.bytes


def seal(key: DataKey, plaintext: bytes, associated: bytes) -> bytes:
    """Encrypt under ``key``, bound to ``associated``."""
    nonce = os.urandom(12)
    return VERSION + key.id.bytes + nonce + key.aead.encrypt(nonce, plaintext, associated)


def unseal(value: bytes, associated: bytes) -> bytes:
    """Decrypt. Raises ``KeyDestroyed``, ``WrongContext``, ``CipherError``."""
    if len(value) < _TEXT + 16 or value[:1] != VERSION:
        raise CipherError("not a sealed value")
    key = keyring.by_id(UUID(bytes=bytes(value[_KEY_ID:_NONCE])))
    try:
        return key.aead.decrypt(value[_NONCE:_TEXT], value[_TEXT:], associated)
    except InvalidTag:
        raise WrongContext("sealed for another place, or altered") from None


_repeated: dict[bytes, str] = {}
_repeated_since = 0.0
REPEATED_MAX = 6000


def unseal_repeated(value: bytes, associated: bytes) -> str:
    """``unseal`` for what many messages share (senders, templates, endpoints): the text is kept by its ciphertext.

    No longer than keys are, and not too many.
    """
    if staff.in_console():
        return unseal(bytes(value), associated).decode()  # what is kept here was opened for somebody else
    global _repeated_since  # noqa: PLW0603  # when this process last forgot
    if len(_repeated) >= REPEATED_MAX or time.monotonic() - _repeated_since > keyring.KEPT_SECONDS:
        _repeated.clear()
        _repeated_since = time.monotonic()
    if (known := _repeated.get(value)) is None:
        known = _repeated[bytes(value)] = unseal(bytes(value), associated).decode()
    return known


def blind_index(index_key: DataKey, label: str, text: str) -> bytes:
    """16 bytes by which equal values of one field and workspace are found."""
    return index_key.mac(f"{label}\0{text}".encode())[:16]


def platform_index(label: str, text: str) -> bytes:
    """The blind index of a value that belongs to no workspace, such as a sign-in address."""
    return blind_index(keyring.key(PLATFORM, Purpose.INDEX), label, text)


class _Attribute:
    """Gives text; decrypts when first read and remembers."""

    def __init__(self, field: "EncryptedField") -> None:
        self.field = field

    def __get__(self, instance: models.Model | None, owner: type[models.Model]) -> Any:
        if instance is None:
            return self
        name = self.field.attname
        if name not in instance.__dict__:
            instance.refresh_from_db(fields=[name])
        value = instance.__dict__[name]
        if isinstance(value, bytes | memoryview):
            value = instance.__dict__[name] = unseal(bytes(value), self.field.bound_to(instance)).decode()
        return value

    def __set__(self, instance: models.Model, value: str | bytes | None) -> None:
        instance.__dict__[self.field.attname] = value


class EncryptedField(models.BinaryField):  # type: ignore[type-arg]  # its Python side is str, which the stub cannot say
    """Text that is ciphertext in the database, bound to its field, row and workspace.

    ``workspace`` names the attribute that holds the workspace id; None means the platform's own keys. The row's primary
    key must be set before saving. Only ``isnull`` can be looked up: find rows by a blind index beside the field.
    """

    def __init__(self, *, purpose: str, workspace: str | None, **options: Any) -> None:
        self.purpose, self.workspace = Purpose(purpose), workspace
        super().__init__(**{**options, "editable": False})

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("editable", None)
        return name, path, args, {**kwargs, "purpose": str(self.purpose), "workspace": self.workspace}

    def contribute_to_class(self, cls: type[models.Model], name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only)
        setattr(cls, self.attname, _Attribute(self))

    def workspace_of(self, instance: models.Model) -> UUID:
        """Whose key seals the value of ``instance``."""
        return getattr(instance, self.workspace) if self.workspace else PLATFORM

    def bound_to(self, instance: models.Model) -> bytes:
        """The associated data of this field in ``instance``."""
        label = f"{self.model._meta.label}.{self.attname}"
        return aad(label, self.workspace_of(instance), instance.pk)

    def pre_save(self, model_instance: models.Model, add: bool) -> bytes | None:
        value = model_instance.__dict__.get(self.attname)
        if value is None or isinstance(value, bytes | memoryview):
            return value if value is None else bytes(value)
        key = keyring.key(self.workspace_of(model_instance), self.purpose)
        return seal(key, value.encode(), self.bound_to(model_instance))

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, str):
            raise FieldError(f"{self.attname} is encrypted and is written by saving its row")
        return super().get_prep_value(value)

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name != "isnull":
            raise FieldError(f"{self.attname} is encrypted: look it up by its blind index")
        return super().get_lookup(lookup_name)

    def from_db_value(self, value: Any, expression: Any, connection: BaseDatabaseWrapper) -> Any:
        return None if value is None else bytes(value)
