"""Keys by workspace and purpose, unwrapped when first used and kept for minutes.

    vault ─wraps─▶ root key of a workspace ─wraps─▶ contacts, account, secrets, index
                                           └wraps─▶ one random body key per expiry day

Body keys are random, never derived: a derived key would come back as long as its parent lives. They are refused from
the end of their day on, by the calendar and not by the purger, so a stopped worker keeps no text readable.
"""

import datetime as dt
import os
import threading
import time
from enum import StrEnum
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import connections

from privacy import vault
from privacy.keystore.models import WorkspaceKey
from smsplatform.lib import clock, database, ids

PLATFORM = UUID(int=0)  # keys of what belongs to no workspace: people, carriers
KEPT_SECONDS = 600.0
CACHED_MAX = 50_000


class Purpose(StrEnum):
    """What a key is for. Values are stored."""

    ROOT = "root"
    CONTACTS = "contacts"
    ACCOUNT = "account"
    SECRETS = "secrets"
    INDEX = "index"
    BODY = "body"


OF_WORKSPACE = (Purpose.CONTACTS, Purpose.ACCOUNT, Purpose.SECRETS, Purpose.INDEX)


class KeyDestroyed(LookupError):
    """The key of this value no longer exists, and with it the value."""


class DataKey:
    """An unwrapped key. ``secret`` is for deriving, ``aead`` for sealing; never printed."""

    __slots__ = ("aead", "bucket_on", "id", "known_at", "secret")

    def __init__(self, key_id: UUID, secret: bytes, bucket_on: dt.date | None = None) -> None:
        self.id, self.secret, self.bucket_on = key_id, secret, bucket_on
        self.aead = AESGCM(secret)
        self.known_at = time.monotonic()

    def __repr__(self) -> str:
        return f"<DataKey {self.id}>"


_Name = tuple[UUID, str, dt.date | None]
_by_name: dict[_Name, DataKey] = {}
_by_id: dict[UUID, DataKey] = {}
_lock = threading.Lock()


def key(workspace: UUID, purpose: Purpose) -> DataKey:
    """The workspace's key for ``purpose``, made on first use."""
    return _get((workspace, purpose, None))


def body_key(workspace: UUID, expires_on: dt.date) -> DataKey:
    """The key of the bodies that expire on this day, made on first use. Raises ``KeyDestroyed`` after that day."""
    if expires_on < clock.now().date():
        raise KeyDestroyed("the day of this key is over")
    return _get((workspace, Purpose.BODY, expires_on))


def cached_body_key(workspace: UUID, expires_on: dt.date) -> DataKey | None:
    """The body key if it is at hand; never asks the database."""
    found = _by_name.get((workspace, "body", expires_on))
    return found if found and time.monotonic() - found.known_at < KEPT_SECONDS else None


def by_id(key_id: UUID) -> DataKey:
    """The key that sealed a value. Raises ``KeyDestroyed`` when it is gone or its day is over."""
    found = _by_id.get(key_id)
    if found is None or time.monotonic() - found.known_at > KEPT_SECONDS:
        found = _load_by_id(key_id)
    if found.bucket_on is not None and found.bucket_on < clock.now().date():
        raise KeyDestroyed("the day of this key is over")
    return found


def create_for(workspace: UUID) -> None:
    """Make the keys of a new workspace."""
    for purpose in OF_WORKSPACE:
        key(workspace, purpose)


def destroy_body_keys(before: dt.date) -> int:
    """Destroy every body key whose day ended before ``before``; how many."""
    _forget(lambda name: name[2] is not None and name[2] < before)
    return WorkspaceKey.objects.filter(bucket_on__lt=before).delete()[0]


def destroy_workspace(workspace: UUID) -> int:
    """Destroy every key of a workspace: all it ever stored becomes unreadable at once."""
    _forget(lambda name: name[0] == workspace)
    return WorkspaceKey.objects.filter(workspace_id=workspace).delete()[0]


def forget() -> None:
    """Drop every unwrapped key from this process."""
    _forget(lambda name: True)


def _forget(which: Any) -> None:
    with _lock:
        for name in [name for name in _by_name if which(name)]:
            _by_id.pop(_by_name.pop(name).id, None)


def _get(name: _Name) -> DataKey:
    found = _by_name.get(name)
    if found is not None and time.monotonic() - found.known_at < KEPT_SECONDS:
        return found
    with _lock:
        found = _by_name.get(name)
        if found is not None and time.monotonic() - found.known_at < KEPT_SECONDS:
            return found
        return _find_or_make(name)


def _find_or_make(name: _Name) -> DataKey:
    """One row per name even when several processes make it at once: whoever is late takes what is there."""
    row = database.again("keystore", lambda: _select(name))
    if row is None:
        _make(name)
        row = _select(name)
        assert row is not None
    return _keep(name, row[0], _unwrap(name, row[0], bytes(row[1])))


def _make(name: _Name) -> None:
    key_id, secret = ids.uuid7(), os.urandom(32)
    with connections["keystore"].cursor() as cursor:
        cursor.execute(
            "INSERT INTO keystore_key (id, workspace_id, purpose, bucket_on, epoch, wrapped, created_at) "
            "VALUES (%s, %s, %s, %s, 1, %s, %s) ON CONFLICT DO NOTHING",
            [key_id, name[0], name[1], name[2], _wrap(name, key_id, secret), clock.now()],
        )


def _select(name: _Name) -> tuple[UUID, bytes] | None:
    rows = WorkspaceKey.objects.filter(workspace_id=name[0], purpose=name[1], bucket_on=name[2])
    return rows.order_by("-epoch").values_list("id", "wrapped").first()


def _load_by_id(key_id: UUID) -> DataKey:
    rows = WorkspaceKey.objects.filter(pk=key_id).values_list("workspace_id", "purpose", "bucket_on", "wrapped")
    row = database.again("keystore", rows.first)
    if row is None:
        with _lock:
            _by_id.pop(key_id, None)
        raise KeyDestroyed("the key is gone")
    name = (row[0], row[1], row[2])
    with _lock:
        return _keep(name, key_id, _unwrap(name, key_id, bytes(row[3])))


def _keep(name: _Name, key_id: UUID, secret: bytes) -> DataKey:
    if len(_by_name) >= CACHED_MAX:
        _by_name.clear()
        _by_id.clear()
    _by_name[name] = _by_id[key_id] = found = DataKey(key_id, secret, name[2])
    return found


def _context(name: _Name, key_id: UUID) -> bytes:
    return b"key" + name[0].bytes + key_id.bytes + name[1].encode()


def _wrap(name: _Name, key_id: UUID, secret: bytes) -> bytes:
    if name[1] == Purpose.ROOT:
        return vault.current().wrap(secret, _context(name, key_id))
    nonce = os.urandom(12)
    return nonce + _root(name[0]).aead.encrypt(nonce, secret, _context(name, key_id))


def _unwrap(name: _Name, key_id: UUID, wrapped: bytes) -> bytes:
    if name[1] == Purpose.ROOT:
        return vault.current().unwrap(wrapped, _context(name, key_id))
    try:
        return _root(name[0]).aead.decrypt(wrapped[:12], wrapped[12:], _context(name, key_id))
    except InvalidTag:
        raise vault.VaultError("a wrapped key does not belong to this place") from None


def _root(workspace: UUID) -> DataKey:
    """The workspace's root key; the caller holds the lock."""
    name: _Name = (workspace, Purpose.ROOT, None)
    found = _by_name.get(name)
    if found is not None and time.monotonic() - found.known_at < KEPT_SECONDS:
        return found
    return _find_or_make(name)
