"""Marks of what was erased, by which a restored database learns what it must forget again.

    main: known epoch + 1  ──▶  key store: tombstones, watermark = that epoch  ──▶  main: rows go

In this order the main database never knows of less than the key store, whatever dies in between. If it does, it was
restored from a dump made before (``behind``): the web refuses to serve until ``privacy.erasure.reapply`` has erased
again. The marks name rows by their random ids and nobody by anything.

Marks are needed as long as the oldest backup that may be restored (``retention.backups``) and a week; then they go, but
for those of workspaces, which also forbid new keys. A database older than that is refused for good (``too_old``).
"""

import contextlib
import datetime as dt
import time
from collections.abc import Iterable
from uuid import UUID

from django.db import connections, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Greatest

from privacy.keystore.models import Tombstone, Watermark
from smsplatform.lib import database
from smsplatform.lib.database import UNAVAILABLE

CHECKED_SECONDS = 5.0
_checked: tuple[float, bool] = (float("-inf"), False)


def bury(*, model: str, rows: Iterable[UUID], action: str, at: dt.datetime) -> None:
    """Mark rows as erased, before they are. Not in a transaction."""
    epoch = _announce()
    marks = [Tombstone(model=model, row_id=row, action=action, at=at, epoch=epoch) for row in rows]
    with transaction.atomic(using="keystore"):
        Watermark.objects.get_or_create(id=1)
        Watermark.objects.filter(id=1).update(epoch=Greatest(F("epoch"), epoch))
        Tombstone.objects.bulk_create(marks, batch_size=1000)


def behind() -> bool:
    """Whether the main database was restored from before an erasure.

    Asked in threads that no request cleans up after, and above all once the databases were away: on a new session then.
    """
    return database.again("system", known) < database.again("keystore", _newest)


def too_old() -> bool:
    """Whether the main database is from before erasures whose marks are gone."""
    forgotten = Watermark.objects.filter(id=1).values_list("forgotten", flat=True).first() or 0
    return known() < forgotten


def forget(*, before: dt.datetime, keep: tuple[str, str], limit: int) -> int:
    """Delete a batch of marks from before; how many. ``keep``: model and action of marks that stay."""
    old = _forgettable(keep).filter(at__lt=before).order_by("at")[:limit]
    batch = list(old.values_list("pk", "epoch"))
    with transaction.atomic(using="keystore"):
        if newest := max((epoch for _, epoch in batch), default=0):
            Watermark.objects.filter(id=1).update(forgotten=Greatest(F("forgotten"), newest))
        return Tombstone.objects.filter(pk__in=[pk for pk, _ in batch]).delete()[0]


def oldest(*, keep: tuple[str, str]) -> dt.datetime | None:
    """When the oldest mark that may be forgotten was made."""
    return _forgettable(keep).order_by("at").values_list("at", flat=True).first()


def _forgettable(keep: tuple[str, str]) -> QuerySet[Tombstone]:
    return Tombstone.objects.exclude(model=keep[0], action=keep[1])


def known() -> int:
    """The newest erasure that the main database knows of."""
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT coalesce(max(epoch), 0) FROM privacy_known_epoch")
        return int(cursor.fetchone()[0])


def catch_up() -> None:
    """Say that everything has been erased again."""
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT privacy.announce_epoch(%s)", [_newest()])


def _newest() -> int:
    """The newest erasure that the key store knows of."""
    return Watermark.objects.filter(id=1).values_list("epoch", flat=True).first() or 0


def refuses() -> bool:
    """``behind``, asked at most every few seconds: for workers, which must not send. Unknown is as before."""
    global _checked  # noqa: PLW0603  # what this process last saw
    if time.monotonic() - _checked[0] > CHECKED_SECONDS:
        with contextlib.suppress(*UNAVAILABLE):
            _checked = (time.monotonic(), behind())
    return _checked[1]


def look_again() -> None:
    """Forget what ``refuses`` last saw."""
    global _checked  # noqa: PLW0603  # as above
    _checked = (float("-inf"), False)


def _announce() -> int:
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT privacy.announce_epoch(0)")
        return int(cursor.fetchone()[0])
