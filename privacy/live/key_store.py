"""Live checks of the key store: what was destroyed stays destroyed, and a restored database is noticed."""

import datetime as dt
from contextlib import suppress
from uuid import uuid4

from django.db import IntegrityError, transaction

from privacy import keyring, tombstones
from privacy.keystore.models import Tombstone, Watermark, WorkspaceKey
from privacy.promises import Check, Outcome, declare

MODEL, ACTION = keyring.ERASED
QUICK = dt.timedelta(minutes=5)


class _Undone(Exception):
    """Ends a transaction that only tried something."""


def buried(at: dt.datetime) -> Outcome:
    """No erased workspace has a key, and the key store refuses one: that is tried, and undone."""
    marked = Tombstone.objects.filter(model=MODEL, action=ACTION).values("row_id")
    left = WorkspaceKey.objects.filter(workspace_id__in=marked).count()
    refused = _refuses_key(at)
    why = ", ".join([*(["keys of erased workspaces"] if left else []), *([] if refused else ["a key was taken"])])
    return Outcome(holds=refused and not left, why=why, evidence={"erased": marked.count(), "keys": left})


def _refuses_key(at: dt.datetime) -> bool:
    refused = False
    with suppress(_Undone), transaction.atomic(using="keystore"):
        nobody = uuid4()
        Tombstone.objects.create(model=MODEL, row_id=nobody, action=ACTION, at=at)
        try:
            with transaction.atomic(using="keystore"):
                WorkspaceKey.objects.create(workspace_id=nobody, purpose=keyring.Purpose.ROOT, wrapped=b"")
        except IntegrityError:
            refused = True
        raise _Undone
    return refused


def restored(at: dt.datetime) -> Outcome:
    """A database that knows of one erasure less than the key store is seen as restored: that is tried, and undone."""
    behind, seen = tombstones.behind(), False
    with suppress(_Undone), transaction.atomic(using="keystore"):
        Watermark.objects.get_or_create(id=1)
        Watermark.objects.filter(id=1).update(epoch=tombstones.known() + 1)
        seen = tombstones.behind()
        raise _Undone
    return Outcome(holds=seen and not behind, why="" if seen else "a restored database is not noticed")


declare(
    Check(
        name="privacy.keys_buried", method="probe", run=buried,
        what="Keys of erased workspaces, and whether the key store takes a new one.",
    ),
    Check(
        name="privacy.restore_seen", method="probe", run=restored, fresh=QUICK,
        what="Whether a database that was restored from before an erasure would be noticed.",
    ),
)  # fmt: skip
