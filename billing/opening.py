"""The wallets of a workspace that somebody has just opened."""

import datetime as dt
from typing import Any
from uuid import UUID

from django.conf import settings
from django.dispatch import receiver

from accounts.models import Workspace
from accounts.signals import workspace_opened
from billing import ledger
from smsplatform.lib import ids

CREDIT_MICRO = 100 * 10**6


@receiver(workspace_opened, dispatch_uid="billing.opening")
def opened(workspace: Workspace, at: dt.datetime, **kwargs: Any) -> None:
    """Test money for trying everything out, which is worth nothing; credit for live messages in the demo only."""
    _fund(workspace, livemode=False, source=ledger.Source.TEST_FUNDS, at=at)
    if settings.DEMO:
        _fund(workspace, livemode=True, source=ledger.Source.PROMO, at=at)


def _fund(workspace: Workspace, *, livemode: bool, source: ledger.Source, at: dt.datetime) -> UUID:
    wallet = ledger.open_wallet(workspace=workspace.id, currency=workspace.currency, livemode=livemode)
    ledger.top_up(id=ids.uuid7(at), wallet=wallet, amount=CREDIT_MICRO, source=source, at=at)
    return wallet
