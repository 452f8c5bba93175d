"""The list of messages on a long table: every combination of filters on offer must be answered from an index."""

import pytest

from bench import lists
from messaging.views import listing
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope
from tests.factories.accounts import make_workspace
from tests.factories.superuser import superuser

ROWS = 12_000
SCANNED_MAX = 1_000  # a window that this table is much longer than


def test_every_combination_of_filters_is_answered_from_an_index(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "SCANNED_MAX", SCANNED_MAX)
    monkeypatch.setattr(listing, "COUNTED_MAX", SCANNED_MAX)
    world, at = make_workspace(), clock.now()
    with superuser() as connection:
        lists.fill(connection, workspace=world.id, sender=world.sender.id, rows=ROWS, at=at)
    sender = ids.encode(ids.SENDER, world.sender.id)

    with scope.workspace(world.id):
        told = [
            lists.ask(workspace=world.id, filters=filters, at=at, timed=False)
            for filters in lists.combinations(sender=sender, at=at, every_value=False)
        ]

    assert len(told) == 2**6 * 3
    assert len({str(one.filters) for one in told}) == len(told)
    assert [one for one in told if one.scans or one.read > SCANNED_MAX + 1] == []
