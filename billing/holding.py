"""The end of holds that nobody closed: what was drawn is posted, the rest is free again."""

from billing import ledger
from smsplatform.lib import clock
from smsplatform.lib.tasks import task


@task(name="billing.holding.sweep", queue="billing")
def sweep() -> None:
    """Scheduled; safe to run twice, and beside itself."""
    at = clock.now()
    while ledger.expire_holds(at=at) == ledger.HOLDS_MAX:
        pass
