"""What a workspace that somebody has just opened needs to send."""

import datetime as dt
from typing import Any
from uuid import UUID

from django.conf import settings
from django.dispatch import receiver

from accounts.models import Workspace
from accounts.signals import workspace_opened
from messaging.provisioning import register_sender
from smsplatform.lib.tenancy import scope

DEMO_SENDER = "Demo"


@receiver(workspace_opened, dispatch_uid="messaging.opening")
def opened(workspace: Workspace, by: UUID, at: dt.datetime, **kwargs: Any) -> None:
    """In the demo a sender that needs no review; elsewhere people register their own."""
    if settings.DEMO:
        with scope.workspace(workspace.id):
            register_sender(workspace=workspace.id, address=DEMO_SENDER, approved=True, default=True, by=by, at=at)
