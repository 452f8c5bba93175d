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
from collections.abc import Callable
from enum import StrEnum
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import connections, transaction
from django.db.models import Max

from privacy import vault
from privacy.keystore.models import Tombstone, WorkspaceKey
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

    __slots__ = ("aead", "bucket_on", "id", "known_at", "name", "secret")

    def __init__(self, key_id: UUID, secret: bytes, name: "_Name") -> None:
        self.id, self.secret, self.name, self.bucket_on = key_id, secret, name, name[2]
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


def destroy_workspace(workspace: UUID, *, at: dt.datetime) -> int:
    """Destroy every key of a workspace for good: nothing it ever stored opens any more; how many.

    Its tombstone forbids new keys. Other processes forget theirs within ``KEPT_SECONDS``.
    """
    if workspace == PLATFORM:
        raise ValueError("the platform's keys hold every person's address: they are rotated, never destroyed")
    with transaction.atomic(using="keystore"):
        Tombstone.objects.create(model="accounts.Workspace", row_id=workspace, action="shred", at=at)
        destroyed = WorkspaceKey.objects.filter(workspace_id=workspace).delete()[0]
    _forget(lambda name: name[0] == workspace)
    return destroyed


def rewrap() -> int:
    """Wrap every root key again under the vault's newest epoch; how many were under an older one. Safe to repeat."""
    moved, newest = 0, vault.current().epoch()
    for root in WorkspaceKey.objects.filter(purpose=Purpose.ROOT).iterator():
        if vault.current().epoch_of(bytes(root.wrapped)) != newest:
            context = _context((root.workspace_id, root.purpose, None), root.id)
            root.wrapped = vault.current().wrap(vault.current().unwrap(bytes(root.wrapped), context), context)
            root.save(update_fields=["wrapped"])
            moved += 1
    return moved


def rotate(workspace: UUID, purpose: Purpose) -> DataKey:
    """Make a new key for what is sealed from now on; older values keep opening with theirs.

    Index keys cannot rotate (equal values would no longer be found), and body keys need not: they die.
    """
    if purpose not in (Purpose.CONTACTS, Purpose.ACCOUNT, Purpose.SECRETS):
        raise ValueError(f"{purpose} keys do not rotate")
    name: _Name = (workspace, purpose, None)
    with _lock:
        newest = WorkspaceKey.objects.filter(workspace_id=workspace, purpose=purpose).aggregate(Max("epoch"))
        _make(name, epoch=(newest["epoch__max"] or 0) + 1)
        return _find_or_make(name)


def forget() -> None:
    """Drop every unwrapped key from this process."""
    _forget(lambda name: True)


def _forget(which: Callable[[_Name], bool]) -> None:
    with _lock:
        for found in [found for found in _by_id.values() if which(found.name)]:
            _by_id.pop(found.id, None)
            _by_name.pop(found.name, None)


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


def _make(name: _Name, *, epoch: int = 1) -> None:
    if Tombstone.objects.filter(model="accounts.Workspace", row_id=name[0], action="shred").exists():
        raise KeyDestroyed("the keys of this workspace were destroyed")
    key_id, secret = ids.uuid7(), os.urandom(32)
    with connections["keystore"].cursor() as cursor:
        cursor.execute(
            "INSERT INTO keystore_key (id, workspace_id, purpose, bucket_on, epoch, wrapped, created_at) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            [key_id, name[0], name[1], name[2], epoch, _wrap(name, key_id, secret), clock.now()],
        )


def _select(name: _Name) -> tuple[UUID, bytes | memoryview] | None:
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
        found = _by_id[key_id] = DataKey(key_id, _unwrap(name, key_id, bytes(row[3])), name)
    return found  # not by name: it may be an older epoch of it


def _keep(name: _Name, key_id: UUID, secret: bytes) -> DataKey:
    if len(_by_id) >= CACHED_MAX:
        _by_name.clear()
        _by_id.clear()
    _by_name[name] = _by_id[key_id] = found = DataKey(key_id, secret, name)
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
