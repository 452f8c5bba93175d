"""Keys by workspace and purpose, unwrapped when first used and kept for minutes.

    vault ─wraps─▶ root key of a workspace ─wraps─▶ contacts, account, secrets, index
                                           └wraps─▶ one random body key per expiry day

Body keys are random, never derived: a derived key would come back as long as its parent lives. They are refused from
the end of their day on, by the calendar and not by the purger, so a stopped worker keeps no text readable.

A key that another process destroyed stays usable here for up to ``KEPT_SECONDS``. docs/adr/0010 tells why all this.
"""

import datetime as dt
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from enum import StrEnum
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from django.db import IntegrityError, connections, transaction
from django.db.models import Q

from privacy import tombstones, vault
from privacy.keystore.models import Tombstone, WorkspaceKey
from smsplatform.lib import clock, database
from smsplatform.lib.tenancy import staff

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
    AUDIT = "audit"  # the platform's: marks and seals the audit log, and signs its checkpoints
    ARCHIVE = "archive"  # of one archive, whose id stands in place of a workspace's
    HOLD = "hold"  # of a case, whose id stands in the place of a workspace's


ERASED = ("accounts.Workspace", "shred")  # model and action of the tombstone that forbids new keys
OF_WORKSPACE = (Purpose.CONTACTS, Purpose.ACCOUNT, Purpose.SECRETS, Purpose.INDEX)
# A new contacts key each month: one value per message is sealed under it, and random nonces of 96 bits are good for
# about 2^32 values of one key (NIST SP 800-38D 8.3). Values under earlier epochs open by their key's id.
RENEWED_AFTER = {Purpose.CONTACTS: dt.timedelta(days=30)}


# What a grant must say before staff see what a key opens; purposes that are not here are never theirs.
STAFF_NEEDS = {
    Purpose.ACCOUNT: staff.Level.METADATA,  # what a workspace says of itself: senders, templates
    Purpose.CONTACTS: staff.Level.IDENTIFIERS,
    Purpose.INDEX: staff.Level.IDENTIFIERS,
    Purpose.BODY: staff.Level.CONTENT,
}


class KeyDestroyed(LookupError):
    """The key of this value no longer exists, and with it the value."""


class DataKey:
    """An unwrapped key. ``secret`` is for deriving, ``aead`` for sealing; never printed."""

    __slots__ = ("_mac", "aead", "bucket_on", "id", "known_at", "purpose", "secret", "workspace")

    def __init__(
        self, key_id: UUID, secret: bytes, bucket_on: dt.date | None = None, *, workspace: UUID, purpose: Purpose
    ) -> None:
        self.id, self.secret, self.bucket_on = key_id, secret, bucket_on
        self.workspace, self.purpose = workspace, purpose
        self.aead = AESGCM(secret)
        self._mac = HMAC(secret, SHA256())
        self.known_at = time.monotonic()

    def __repr__(self) -> str:
        return f"<DataKey {self.id}>"

    def mac(self, message: bytes) -> bytes:
        """HMAC-SHA-256 of ``message``, from a copy of one that has begun: a third of the cost of beginning anew."""
        begun = self._mac.copy()
        begun.update(message)
        return begun.finalize()


# By the integers of UUIDs: their hash is computed in C, that of a UUID in Python.
_Name = tuple[int, str, dt.date | None]
_by_name: dict[_Name, DataKey] = {}
_by_id: dict[int, DataKey] = {}

# Whoever misses first loads or makes the key, the others find it. Re-entrant because a purpose key needs the root of
# its workspace; no thread ever holds the locks of two workspaces.
_locks: list[threading.RLock] = []


def _renew_locks() -> None:
    _locks[:] = [threading.RLock() for _ in range(64)]


_renew_locks()
os.register_at_fork(after_in_child=_renew_locks)  # another thread of the parent may have held one


# Finding keys


def key(workspace: UUID, purpose: Purpose) -> DataKey:
    """The workspace's key for ``purpose``, made on first use. Raises ``KeyDestroyed`` for an erased workspace.

    Every function here that hands out a key raises ``staff.StaffRefused`` on a staff page without a grant for it.
    """
    _admit(workspace, purpose)
    return _cached(workspace, purpose) or _get(workspace, purpose, None)


def body_key(workspace: UUID, expires_on: dt.date) -> DataKey:
    """The key of the bodies that expire on this day, made on first use. Raises ``KeyDestroyed`` after that day."""
    if expires_on < clock.now().date():
        raise KeyDestroyed("the day of this key is over")
    _admit(workspace, Purpose.BODY)
    return _cached(workspace, Purpose.BODY, expires_on) or _get(workspace, Purpose.BODY, expires_on)


def cached_key(workspace: UUID, purpose: Purpose, bucket_on: dt.date | None = None) -> DataKey | None:
    """The key if it is at hand; never asks the database."""
    _admit(workspace, purpose)
    return _cached(workspace, purpose, bucket_on)


def cached_body_key(workspace: UUID, expires_on: dt.date) -> DataKey | None:
    """The body key if it is at hand and its day is not over; never asks the database."""
    found = cached_key(workspace, Purpose.BODY, expires_on)
    return found if found is not None and expires_on >= clock.now().date() else None


def by_id(key_id: UUID) -> DataKey:
    """The key that sealed a value. Raises ``KeyDestroyed`` when it is gone or its day is over."""
    found = _by_id.get(key_id.int)
    if found is None or time.monotonic() - found.known_at >= KEPT_SECONDS:
        found = _fetch([key_id]).get(key_id)
        if found is None:
            raise KeyDestroyed("the key is gone")
    _admit(found.workspace, found.purpose)
    if found.bucket_on is not None and found.bucket_on < clock.now().date():
        raise KeyDestroyed("the day of this key is over")
    return found


def by_ids(key_ids: Iterable[UUID]) -> dict[UUID, DataKey]:
    """The keys with these ids, for at most one query. Those that are gone or over are absent."""
    wanted, today, tick = set(key_ids), clock.now().date(), time.monotonic()
    held = {each: known for each in wanted if (known := _by_id.get(each.int)) and tick - known.known_at < KEPT_SECONDS}
    if missing := wanted - held.keys():
        held |= _fetch(missing)
    for found in held.values():
        _admit(found.workspace, found.purpose)
    return {each: found for each, found in held.items() if found.bucket_on is None or found.bucket_on >= today}


# Staff


def _admit(workspace: UUID, purpose: Purpose) -> None:
    """On a staff page, customers' keys are refused unless the grant in force covers them. Raises ``StaffRefused``.

    Asked for each use, not when a key is unwrapped: keys are kept by the process, and what the process did for the
    workspace's own people must not help staff.
    """
    if not staff.in_console() or workspace == PLATFORM:
        return
    needed = STAFF_NEEDS.get(purpose)
    if needed is None or not staff.admits(workspace, needed, at=clock.now()):
        raise staff.StaffRefused(f"staff have no grant for {purpose} keys here")


# Making keys


def create_for(workspace: UUID) -> None:
    """Make the keys of a new workspace."""
    for purpose in OF_WORKSPACE:
        key(workspace, purpose)


def keys_for(purpose: Purpose, *, batch: int = 1000) -> Iterator[DataKey]:
    """Every workspace's newest key for a purpose, unwrapped a batch at a time and not kept.

    On staff pages for finding only: an index key says where a number is known, and opens nothing.
    """
    if staff.in_console() and purpose is not Purpose.INDEX:
        raise staff.StaffRefused("staff have no grant for every workspace")
    rows = WorkspaceKey.objects.filter(purpose=purpose, bucket_on=None).order_by("workspace_id", "-epoch")
    after = UUID(int=0)
    while some := list(rows.filter(workspace_id__gte=after).distinct("workspace_id")[:batch]):
        roots = WorkspaceKey.objects.filter(purpose=Purpose.ROOT, workspace_id__in=[row.workspace_id for row in some])
        unwrapped = {row.workspace_id: AESGCM(_unwrap(row)) for row in roots}
        for row in some:
            wrapped = bytes(row.wrapped)
            secret = unwrapped[row.workspace_id].decrypt(wrapped[:12], wrapped[12:], _context(row))
            yield DataKey(row.id, secret, workspace=row.workspace_id, purpose=purpose)
        after = UUID(int=some[-1].workspace_id.int + 1)


def warm(workspaces: Collection[UUID], *, expires_on: Collection[dt.date] = ()) -> int:
    """Load what exists of these workspaces' keys, and of their body keys for some days, in one query; how many."""
    wanted = Q(bucket_on=None) | Q(bucket_on__in=expires_on)
    rows = WorkspaceKey.objects.filter(wanted, workspace_id__in=workspaces).order_by("epoch")
    opened = _open_all(database.again("keystore", lambda: list(rows)))
    _by_name.update(((row.workspace_id.int, row.purpose, row.bucket_on), found) for row, found in opened)
    return len(opened)


# Destroying keys


def destroy_body_keys(before: dt.date) -> int:
    """Destroy every body key whose day ended before ``before``; how many. Not in a transaction."""
    _forget(lambda held: held.bucket_on is not None and held.bucket_on < before)
    destroyed = WorkspaceKey.objects.filter(bucket_on__lt=before).delete()[0]
    if destroyed:
        scrub()
    return destroyed


def destroy_workspace(workspace: UUID, *, at: dt.datetime) -> int:
    """Destroy every key of a workspace for good: nothing it ever stored opens any more; how many.

    Its tombstone forbids new keys. Other processes forget theirs within ``KEPT_SECONDS``. Not in a transaction.
    """
    if workspace == PLATFORM:
        raise ValueError("the platform's keys hold every person's address: they are rotated, never destroyed")
    with transaction.atomic(using="keystore"):  # a mark without its keys gone would stop the next attempt
        _wait_for_makers(workspace)
        tombstones.bury(model=ERASED[0], rows=[workspace], action=ERASED[1], at=at)
        destroyed = WorkspaceKey.objects.filter(workspace_id=workspace).delete()[0]
    _forget(lambda held: held.workspace == workspace)
    scrub()
    return destroyed


def _wait_for_makers(workspace: UUID) -> None:
    """Until the end of this transaction nobody makes a key of this workspace; afterwards the key store refuses it."""
    with connections["keystore"].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [str(workspace)])


def destroy_archive(archive: UUID) -> int:
    """Destroy the key of an archive, and with it the file; how many keys. Not in a transaction."""
    destroyed = WorkspaceKey.objects.filter(workspace_id=archive, purpose=Purpose.ARCHIVE).delete()[0]
    if destroyed:
        WorkspaceKey.objects.filter(workspace_id=archive).delete()
        _forget(lambda held: held.workspace == archive)
        scrub()
    return destroyed


def is_erased(workspace: UUID) -> bool:
    """Whether the keys of a workspace were destroyed for good."""
    return Tombstone.objects.filter(model=ERASED[0], row_id=workspace, action=ERASED[1]).exists()


def scrub() -> None:
    """Rewrite the table of keys, so that destroyed ones are gone from its file and not merely out of sight.

    A deleted row stays readable in its page until something overwrites it, and plain VACUUM does not. The table has
    some 200 bytes per key; readers wait for well under a second per hundred thousand keys.
    """
    with connections["keystore"].cursor() as cursor:
        cursor.execute(f'VACUUM (FULL) "{WorkspaceKey._meta.db_table}"')


def forget() -> None:
    """Drop every unwrapped key from this process."""
    _by_name.clear()
    _by_id.clear()


# Rotating keys


def rotate(workspace: UUID, purpose: Purpose) -> DataKey:
    """Make a new key for what is sealed from now on; older values keep opening with theirs.

    Other processes seal under the former for up to ``KEPT_SECONDS``. Index keys cannot rotate (equal values would no
    longer be found), and body keys need not: they die.
    """
    if purpose not in (Purpose.CONTACTS, Purpose.ACCOUNT, Purpose.SECRETS):
        raise ValueError(f"{purpose} keys do not rotate")
    with _lock_of(workspace):
        newest = _newest(workspace, purpose, None)
        _make(workspace, purpose, None, epoch=newest.epoch + 1 if newest else 1)
        return _find_or_make(workspace, purpose, None)


def rewrap(*, batch: int = 500) -> int:
    """Wrap every root key again under the vault's newest epoch; how many were under an older one.

    Safe to stop, to repeat and to run beside everything else: the root keys themselves do not change.
    """
    moved, after = 0, PLATFORM
    roots = WorkspaceKey.objects.filter(purpose=Purpose.ROOT).order_by("id")
    while some := list(roots.filter(id__gt=after).values_list("id", flat=True)[:batch]):
        with transaction.atomic(using="keystore"):
            moved += sum(_rewrap(row) for row in roots.filter(id__in=some).select_for_update())
        after = some[-1]
    return moved


def roots_by_epoch() -> Counter[int]:
    """How many root keys each epoch of the vault wraps: one that is absent may be retired."""
    wrapped = WorkspaceKey.objects.filter(purpose=Purpose.ROOT).values_list("wrapped", flat=True)
    return Counter(vault.current().epoch_of(bytes(each)) for each in wrapped.iterator())


def _rewrap(row: WorkspaceKey) -> bool:
    keeper, wrapped = vault.current(), bytes(row.wrapped)
    if keeper.epoch_of(wrapped) == keeper.epoch():
        return False
    row.wrapped = keeper.wrap(keeper.unwrap(wrapped, _context(row)), _context(row))
    row.save(update_fields=["wrapped"])
    return True


# The key store


def _lock_of(workspace: UUID) -> threading.RLock:
    return _locks[workspace.int % len(_locks)]


def _cached(workspace: UUID, purpose: Purpose, bucket_on: dt.date | None = None) -> DataKey | None:
    found = _by_name.get((workspace.int, purpose, bucket_on))
    return found if found is not None and time.monotonic() - found.known_at < KEPT_SECONDS else None


def _get(workspace: UUID, purpose: Purpose, bucket_on: dt.date | None) -> DataKey:
    with _lock_of(workspace):
        return _cached(workspace, purpose, bucket_on) or _find_or_make(workspace, purpose, bucket_on)


def _find_or_make(workspace: UUID, purpose: Purpose, bucket_on: dt.date | None) -> DataKey:
    """One row per name and epoch even when several processes make it at once: whoever is late takes what is there."""
    row = _newest(workspace, purpose, bucket_on)
    if row is None or _is_old(row):
        _make(workspace, purpose, bucket_on, epoch=row.epoch + 1 if row else 1)
        row = _newest(workspace, purpose, bucket_on)
        assert row is not None
    found = _by_name[workspace.int, purpose, bucket_on] = _open(row)
    return found


def _newest(workspace: UUID, purpose: Purpose, bucket_on: dt.date | None) -> WorkspaceKey | None:
    rows = WorkspaceKey.objects.filter(workspace_id=workspace, purpose=purpose, bucket_on=bucket_on)
    return database.again("keystore", rows.order_by("-epoch").first)


def _is_old(row: WorkspaceKey) -> bool:
    renewed_after = RENEWED_AFTER.get(Purpose(row.purpose))
    return renewed_after is not None and clock.now() - row.created_at > renewed_after


def _make(workspace: UUID, purpose: Purpose, bucket_on: dt.date | None, *, epoch: int) -> None:
    if is_erased(workspace):
        raise KeyDestroyed("the keys of this workspace were destroyed")
    row = WorkspaceKey(
        workspace_id=workspace, purpose=purpose, bucket_on=bucket_on, epoch=epoch, created_at=clock.now()
    )
    row.wrapped = _wrap(row, os.urandom(32))
    try:
        WorkspaceKey.objects.bulk_create([row], ignore_conflicts=True)
    except IntegrityError:  # destroyed since we looked: the key store refuses
        raise KeyDestroyed("the keys of this workspace were destroyed") from None


def _fetch(key_ids: Collection[UUID]) -> dict[UUID, DataKey]:
    """Load keys by id, together with the roots that open them, in one query."""
    owners = WorkspaceKey.objects.filter(id__in=key_ids).values("workspace_id")
    rows = WorkspaceKey.objects.filter(Q(id__in=key_ids) | Q(purpose=Purpose.ROOT, workspace_id__in=owners))
    wanted = {found.id: found for row, found in _open_all(database.again("keystore", lambda: list(rows)))}
    for gone in set(key_ids) - wanted.keys():
        _by_id.pop(gone.int, None)
    return {each: wanted[each] for each in key_ids if each in wanted}


def _open_all(rows: list[WorkspaceKey]) -> list[tuple[WorkspaceKey, DataKey]]:
    """Open rows, roots first so that the others find theirs."""
    opened = []
    for row in sorted(rows, key=lambda row: row.purpose != Purpose.ROOT):
        opened.append((row, _open(row)))
        if row.purpose == Purpose.ROOT:
            _by_name[row.workspace_id.int, row.purpose, None] = opened[-1][1]
    return opened


def _open(row: WorkspaceKey) -> DataKey:
    """Unwrap, and remember by id. By name the caller does, who knows whether this is the newest epoch."""
    if len(_by_id) >= CACHED_MAX:
        forget()
    found = _by_id[row.id.int] = DataKey(
        row.id, _unwrap(row), row.bucket_on, workspace=row.workspace_id, purpose=Purpose(row.purpose)
    )
    return found


def _root(workspace: UUID) -> DataKey:
    return _cached(workspace, Purpose.ROOT) or _get(workspace, Purpose.ROOT, None)


def _context(row: WorkspaceKey) -> bytes:
    """What a wrapped key is bound to: rows cannot change places."""
    return b"key" + row.workspace_id.bytes + row.id.bytes + row.purpose.encode()


def _wrap(row: WorkspaceKey, secret: bytes) -> bytes:
    if row.purpose == Purpose.ROOT:
        return vault.current().wrap(secret, _context(row))
    nonce = os.urandom(12)
    return nonce + _root(row.workspace_id).aead.encrypt(nonce, secret, _context(row))


def _unwrap(row: WorkspaceKey) -> bytes:
    wrapped = bytes(row.wrapped)
    if row.purpose == Purpose.ROOT:
        return vault.current().unwrap(wrapped, _context(row))
    try:
        return _root(row.workspace_id).aead.decrypt(wrapped[:12], wrapped[12:], _context(row))
    except InvalidTag:
        raise vault.VaultError("a wrapped key does not belong to this place") from None


def _forget(which: Callable[[DataKey], bool]) -> None:
    # Copies, because other threads go on adding. The two sides differ: an earlier epoch is known by its id only.
    for key_id, held in list(_by_id.items()):
        if which(held):
            _by_id.pop(key_id, None)
    for name, held in list(_by_name.items()):
        if which(held):
            _by_name.pop(name, None)
