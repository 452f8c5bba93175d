"""Giving up what waits to be sent: to somebody who is erased or restricted, or in a workspace that is closed."""

import datetime as dt
from typing import Any
from uuid import UUID

from django.db import connections
from django.dispatch import receiver

from messaging.drafting import number_index
from messaging.models import Suppression
from privacy import keyring, restrictions
from privacy.erasure import sending_stops
from smsplatform.lib.tenancy import scope

BATCH = 1000


@receiver(sending_stops, dispatch_uid="messaging.stopping")
def stop(workspace: UUID, msisdn: str, at: dt.datetime, **kwargs: Any) -> int:
    """Reject what waits, with its money back; how many messages a carrier is being handed just now."""
    index = _index(workspace, msisdn) if msisdn else None
    why = "recipient_erased" if msisdn else "workspace_closed"
    while True:
        with connections["system"].cursor() as cursor:
            cursor.execute("SELECT * FROM pipeline.stop(%s, %s, %s, %s, %s)", [workspace, index, why, at, BATCH])
            stopped, leased = cursor.fetchone()
        if stopped < BATCH:
            return int(leased)


@receiver(restrictions.number_restricted, dispatch_uid="messaging.stopping")
def restrict(workspace: UUID, msisdn: str, at: dt.datetime, **kwargs: Any) -> None:
    """From now on acceptance refuses this number and the claim gives up what waits for it."""
    with scope.workspace(workspace):
        Suppression.objects.get_or_create(
            workspace_id=workspace,
            to_idx=_index(workspace, msisdn),
            reason=Suppression.Reason.RESTRICTION,
            defaults={"created_at": at},
        )


@receiver(restrictions.number_released, dispatch_uid="messaging.stopping")
def release(workspace: UUID, msisdn: str, **kwargs: Any) -> None:
    """The number may be sent to again, unless there is another reason."""
    with scope.workspace(workspace):
        restricted = Suppression.objects.filter(workspace_id=workspace, reason=Suppression.Reason.RESTRICTION)
        restricted.filter(to_idx=_index(workspace, msisdn)).delete()


def _index(workspace: UUID, msisdn: str) -> bytes:
    return number_index(keyring.key(workspace, keyring.Purpose.INDEX), msisdn)
