"""Marks of what was erased, by which a restored database learns what it must forget again.

    main: known epoch + 1  ──▶  key store: tombstones, watermark = that epoch  ──▶  main: rows go

In this order the main database never knows of less than the key store, whatever dies in between. If it does, it was
restored from a dump made before (``behind``): the web refuses to serve until ``privacy.erasure.reapply`` has erased
again. The marks name rows by their random ids and nobody by anything.
"""

import contextlib
import datetime as dt
import time
from collections.abc import Iterable
from uuid import UUID

from django.db import connections, transaction
from django.db.models import F
from django.db.models.functions import Greatest

from privacy.keystore.models import Tombstone, Watermark
from smsplatform.lib.database import UNAVAILABLE

CHECKED_SECONDS = 5.0
_checked: tuple[float, bool] = (float("-inf"), False)


def bury(*, model: str, rows: Iterable[UUID], action: str, at: dt.datetime) -> None:
    """Mark rows as erased, before they are. Not in a transaction."""
    epoch = _announce()
    marks = [Tombstone(model=model, row_id=row, action=action, at=at) for row in rows]
    with transaction.atomic(using="keystore"):
        Watermark.objects.get_or_create(id=1)
        Watermark.objects.filter(id=1).update(epoch=Greatest(F("epoch"), epoch))
        Tombstone.objects.bulk_create(marks, batch_size=1000)


def behind() -> bool:
    """Whether the main database was restored from before an erasure."""
    newest = Watermark.objects.filter(id=1).values_list("epoch", flat=True).first() or 0
    return known() < newest


def known() -> int:
    """The newest erasure that the main database knows of."""
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT coalesce(max(epoch), 0) FROM privacy_known_epoch")
        return int(cursor.fetchone()[0])


def catch_up() -> None:
    """Say that everything has been erased again."""
    newest = Watermark.objects.filter(id=1).values_list("epoch", flat=True).first() or 0
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT privacy.announce_epoch(%s)", [newest])


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
