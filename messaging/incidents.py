"""Security incidents, for webhooks: every enabled endpoint that asked for ``security.incident`` gets one event."""

import datetime as dt
from typing import Any
from uuid import UUID

from django.db import connections
from django.dispatch import receiver

from messaging.events import INCIDENT
from privacy.breaches.notices import published
from privacy.models import IncidentNotice
from smsplatform.lib.tenancy import scope


@receiver(published, dispatch_uid="messaging.incidents")
def _tell(*, notice: IncidentNotice, at: dt.datetime, **_signal: Any) -> None:
    """Queue the deliveries; the event's id is the notice's, so that each is the proof of the other."""
    arguments: list[Any] = [scope.token(notice.workspace_id), notice.pk, INCIDENT, at]
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT pipeline.tell_endpoints(%s, %s, %s, %s)", arguments)


def proof(notices: list[UUID]) -> dict[str, int]:
    """How many deliveries of these notices are in which state."""
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT * FROM pipeline.deliveries_of_events(%s::uuid[])", [notices])
        return {state: int(count) for state, count in cursor.fetchall()}
