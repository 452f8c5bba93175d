"""The list of messages on a long table: every combination of filters on offer must be answered from an index."""

from bench import lists
from messaging.views.listing import SCANNED_MAX
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope
from tests.factories.accounts import make_workspace
from tests.factories.superuser import superuser

ROWS = 12_000


def test_every_combination_of_filters_is_answered_from_an_index() -> None:
    world, at = make_workspace(), clock.now()
    with superuser() as connection:
        lists.fill(connection, workspace=world.id, sender=world.sender.id, rows=ROWS, at=at)
    sender = ids.encode(ids.SENDER, world.sender.id)

    with scope.workspace(world.id):
        told = [
            lists.ask(workspace=world.id, filters=filters, at=at, timed=False)
            for filters in lists.combinations(sender=sender, at=at, every_value=False)
        ]

    assert len({str(one.filters) for one in told}) == 2**6 * 3
    assert [one for one in told if one.scans or one.read > SCANNED_MAX + 1] == []
