"""Totals that outlive messages: enough messages of enough workspaces in each, and no column that names one."""

import datetime as dt
from typing import Any
from uuid import UUID, uuid4

import pytest

from messaging import corridors
from messaging.models import CorridorDay
from smsplatform.lib import clock, ids
from tests.factories.superuser import superuser

DAY = dt.timedelta(days=1)


def sent(connection: Any, *, carrier: UUID, country: str, workspaces: int, each: int) -> None:
    """Live messages of two days ago."""
    at = clock.now() - 2 * DAY
    for number in range(workspaces * each):
        made, workspace = UUID(int=ids.floor(at).int | (uuid4().int & 0xFFFFFFFF)), UUID(int=900 + number % workspaces)
        connection.execute(
            "INSERT INTO messaging_message (id, workspace_id, livemode, sender_id, to_idx, country, category, "
            "encoding, parts, unit_price, price, currency, refund_basis, status, expires_at, body_expires_at) "
            "VALUES (%s, %s, true, %s, '', %s, 'otp', 'gsm7', 2, 1, 1, 'EUR', 'submit', 'delivered', %s, %s)",
            [made, workspace, uuid4(), country, at, at],
        )
        connection.execute(
            "INSERT INTO messaging_attempt (message_id, part, attempt, workspace_id, carrier_id, session, sequence, "
            "outcome, submitted_at) VALUES (%s, 1, 1, %s, %s, 's', 1, 'accepted', %s)",
            [made, workspace, carrier, at],
        )


@pytest.mark.promise("team-33", "transit-40", "otp-19", "api-16", "team-20")
def test_a_cell_stands_for_ten_messages_of_three_workspaces_or_is_not_written() -> None:
    carrier = uuid4()
    with superuser() as connection:
        connection.execute("SELECT pipeline.ensure_partitions(%s)", [clock.now() - 2 * DAY])
        sent(connection, carrier=carrier, country="DE", workspaces=3, each=4)
        sent(connection, carrier=carrier, country="NL", workspaces=3, each=3)
        sent(connection, carrier=carrier, country="FR", workspaces=2, each=10)

    corridors.publish(at=clock.now())
    corridors.publish(at=clock.now())

    cells = CorridorDay.objects.using("system").filter(carrier_id=carrier)
    found = list(cells.values_list("country", "messages", "parts", "delivered"))
    with superuser() as connection:
        connection.execute(
            "DELETE FROM messaging_message WHERE id IN "
            "(SELECT message_id FROM messaging_attempt WHERE carrier_id = %s)",
            [carrier],
        )
    assert found == [("DE", 12, 24, 12)]


@pytest.mark.promise("team-33", "transit-40")
def test_no_column_names_a_workspace_a_number_or_a_message() -> None:
    with superuser() as connection:
        rows = connection.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'messaging_corridor_day'"
        ).fetchall()

    assert {name for (name,) in rows} == {"day", "carrier_id", "country", "messages", "parts", "delivered"}
