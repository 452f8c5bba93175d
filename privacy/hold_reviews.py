"""Reminding of holds that are to be reviewed: a week before, on the day, and every week after it.

To whoever answers for the hold, if they still work here, and to the privacy desk. Nothing else happens: a hold ends
when somebody releases it.
"""

import datetime as dt
import logging
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.urls import reverse

from privacy import holds
from privacy.models import Hold
from smsplatform.lib import clock, mail
from smsplatform.lib.mail import Reader
from smsplatform.lib.tasks import task

WEEK = dt.timedelta(days=7)

logger = logging.getLogger(__name__)


def steps_due(*, review_at: dt.datetime, at: dt.datetime) -> int:
    """How many reminders should have gone out by ``at``."""
    return max(0, (at - (review_at - WEEK)) // WEEK + 1)


def remind(*, at: dt.datetime) -> int:
    """Write about each hold whose reminder is due, once; how many. Of those that were missed, only the last."""
    return sum(_reminded(hold, at) for hold in holds.open_ones())


def late(*, at: dt.datetime) -> list[Hold]:
    """Holds that stand past their review."""
    return [hold for hold in holds.open_ones() if hold.review_at < at]


@task(name="privacy.hold_reviews.watch", queue="privacy")
def watch() -> None:
    """Scheduled; safe to run twice."""
    remind(at=clock.now())


def _reminded(hold: Hold, at: dt.datetime) -> bool:
    wanted = steps_due(review_at=hold.review_at, at=at)
    behind = Hold.objects.using("system").filter(pk=hold.pk, released_at=None, reminded__lt=wanted)
    if not behind.update(reminded=wanted):
        return False
    context = {
        "hold": str(hold),
        "review_at": hold.review_at,
        "overdue": hold.review_at <= at,
        "url": mail.link(reverse("staff_hold", args=[str(hold)])),
    }
    for reader in _readers(hold):
        _send(reader, context)
    return True


def _readers(hold: Hold) -> list[Reader | str]:
    owner: Any = get_user_model().objects.filter(pk=hold.owner_id, is_active=True).first()
    return [settings.PRIVACY_EMAIL, *([owner] if owner else [])]


def _send(reader: Reader | str, context: dict[str, Any]) -> None:
    try:
        mail.send("privacy/hold_due", to=[reader], context=context)
    except mail.Undelivered as error:
        logger.warning("mail_undelivered", extra={"error": error.code})
