"""Receipts: what the network says became of each part, written in bulk and only then acknowledged."""

import datetime as dt
import logging
from collections.abc import Callable, Sequence
from typing import Any, LiteralString
from uuid import UUID

from messaging import hearing, webhooks
from messaging.carriers.smpp.receipts import Receipt
from messaging.carriers.smpp.session import Delivery
from messaging.models import Carrier
from smsplatform.lib import arrays, clock, database
from smsplatform.lib.tasks import task

Insist = Callable[[LiteralString, list[Any]], Any]
logger = logging.getLogger(__name__)

_RECORD: LiteralString = "SELECT pipeline.record_receipts(%s, %s, %s, %s, %s)"
RECEIPT_GRACE = dt.timedelta(minutes=10)  # after validity is over, a receipt may still be on its way this long
EXPIRE_MAX = 2000


def record(*, carrier: UUID, deliveries: Sequence[Delivery], at: dt.datetime, insist: Insist) -> None:
    """Commit final receipts of one carrier, and whoever says stop.

    Progress reports change nothing; what else phones write is counted and dropped. Raises ``DatabaseUnavailable``:
    then nothing is acknowledged, and the carrier tells again.
    """
    final = [d.receipt for d in deliveries if d.receipt is not None and d.receipt.final and d.receipt.ref]
    if final:
        _record_final(carrier, final, at, insist)
    if texts := [each for each in deliveries if each.receipt is None]:
        hearing.hear(texts, carrier=carrier, at=at)


def _record_final(carrier: UUID, final: Sequence[Receipt], at: dt.datetime, insist: Insist) -> None:
    orphans = insist(
        _RECORD,
        [
            carrier,
            at,
            arrays.texts([receipt.ref for receipt in final]),
            arrays.texts([str(receipt.state) for receipt in final]),
            arrays.texts([receipt.error_code[:20] or None for receipt in final]),
        ],
    )
    if orphans:
        logger.info("orphan_receipts", extra={"count": orphans})
    webhooks.wake()


@task(name="messaging.receipts.sweep", queue="receipts")
def sweep() -> None:
    """Match receipts that came before the answer they belong to was written."""
    at = clock.now()
    session = database.session("system")
    try:
        carriers = Carrier.objects.using("system").values_list("id", flat=True)
        for carrier in database.again("system", lambda: list(carriers)):
            session.value("SELECT pipeline.match_orphans(%s, NULL, %s)", [carrier, at])
    except database.DatabaseUnavailable:
        logger.warning("database_unavailable")


@task(name="messaging.receipts.expire", queue="receipts")
def expire() -> None:
    """Give every message whose time is over its final state, in bounded batches."""
    session = database.session("system")
    try:
        while session.value("SELECT pipeline.expire(%s, %s, %s)", [clock.now(), RECEIPT_GRACE, EXPIRE_MAX]) > 0:
            webhooks.wake()
    except database.DatabaseUnavailable:
        logger.warning("database_unavailable")
