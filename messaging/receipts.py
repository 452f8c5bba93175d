"""Receipts: what the network says became of each part, written in bulk and only then acknowledged."""

import datetime as dt
import logging
from collections.abc import Sequence
from typing import Any, LiteralString
from uuid import UUID

from messaging import webhooks
from messaging.carriers.smpp.receipts import Receipt
from messaging.carriers.smpp.session import Delivery
from messaging.models import Carrier
from smsplatform.lib import arrays, clock, database
from smsplatform.lib.tasks import task

logger = logging.getLogger(__name__)

CALL: LiteralString = "pipeline.record_receipts(%s, %s, %s, %s, %s)"
RECEIPT_GRACE = dt.timedelta(minutes=10)  # after validity is over, a receipt may still be on its way this long
EXPIRE_MAX = 2000


def final(deliveries: Sequence[Delivery]) -> list[Receipt]:
    """The receipts that end a part; reports of progress change nothing."""
    return [d.receipt for d in deliveries if d.receipt is not None and d.receipt.final and d.receipt.ref]


def arguments(*, carrier: UUID, final: Sequence[Receipt], at: dt.datetime) -> list[Any]:
    """The arguments of ``CALL``."""
    return [
        carrier,
        at,
        arrays.texts([receipt.ref for receipt in final]),
        arrays.texts([str(receipt.state) for receipt in final]),
        arrays.texts([receipt.error_code[:20] or None for receipt in final]),
    ]


def recorded(orphans: int) -> None:
    """Receipts were committed, ``orphans`` of them of messages that nobody knows yet."""
    if orphans:
        logger.info("orphan_receipts", extra={"count": orphans})
    webhooks.wake()


@task(name="messaging.receipts.sweep", queue="receipts")
def sweep() -> None:
    """Match receipts that came before the answer they belong to was written."""
    at = clock.now()
    try:
        carriers = Carrier.objects.using("system").values_list("id", flat=True)
        with database.session("system") as session:
            for carrier in database.again("system", lambda: list(carriers)):
                session.value("SELECT pipeline.match_orphans(%s, NULL, %s)", [carrier, at])
    except database.DatabaseUnavailable:
        logger.warning("database_unavailable")


@task(name="messaging.receipts.expire", queue="receipts")
def expire() -> None:
    """Give every message whose time is over its final state, in bounded batches."""
    try:
        with database.session("system") as session:
            while session.value("SELECT pipeline.expire(%s, %s, %s)", [clock.now(), RECEIPT_GRACE, EXPIRE_MAX]) > 0:
                webhooks.wake()
    except database.DatabaseUnavailable:
        logger.warning("database_unavailable")
