"""Texts that count from the final status, and numbers that end with them, where the policy says so."""

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import psycopg
import pytest

from messaging import bounds, events, presenting, upkeep
from messaging.models import Message
from privacy import keyring
from smsplatform.lib import clock, ids, phone
from smsplatform.lib.tenancy import scope
from tests.factories import pages
from tests.factories.superuser import superuser

DAY = dt.timedelta(days=1)
MOMENT = dt.timedelta(seconds=1)
TEXT = "counts from the end"


@pytest.fixture
def fleet(settings) -> Iterator[None]:  # type: ignore[no-untyped-def]  # pytest-django
    settings.POLICY_PROFILE = "fleet"
    bounds.install()
    upkeep.extend_partitions(at=clock.now())
    yield
    settings.POLICY_PROFILE = "strict"
    bounds.install()


def test_a_stricter_policy_lets_what_is_under_way_come_to_its_end(fleet: None, settings: Any) -> None:
    message_id = ids.decode("msg", pages.message(pages.shop(), text=TEXT))
    settings.POLICY_PROFILE = "strict"
    bounds.install()

    with superuser() as connection:
        with pytest.raises(psycopg.errors.CheckViolation), connection.transaction():
            connection.execute(
                "UPDATE messaging_message SET body_expires_at = body_expires_at + interval '1 hour' WHERE id = %s",
                [message_id],
            )
        ended = "SELECT pipeline.finish(%s, %s, %s, %s)"
        connection.execute(ended, [[message_id], ["delivered"], [None], clock.now()])
        found = connection.execute("SELECT status FROM messaging_message WHERE id = %s", [message_id]).fetchone()

    assert found == ("delivered",)


@pytest.mark.promise("fleet-09", "fleet-32", "fleet-33")
def test_text_and_number_end_seven_days_after_the_final_status(fleet: None) -> None:
    shop = pages.shop()
    message_id = ids.decode("msg", pages.message(shop, text=TEXT))
    final_at = clock.now() + DAY
    with superuser() as connection:
        connection.execute("SELECT pipeline.finish(%s, %s, %s, %s)", [[message_id], ["delivered"], [None], final_at])
    with scope.workspace(shop.workspace.id):
        message = Message.objects.with_state().get(pk=message_id)
        before = presenting.of_row(message, at=final_at + 7 * DAY - dt.timedelta(seconds=1))
        after = presenting.of_row(message, at=final_at + 7 * DAY)

    assert (before["body"], before["to"]) == (TEXT, pages.TO)
    assert (after["body"], after["to"]) == (None, None)
    assert message.body_expires_at - message.created_at <= 10 * DAY + dt.timedelta(seconds=1)
    assert keyring.by_id(UUID(bytes=bytes(message.to_ct or b"")[1:17])).bucket_on == message.body_expires_at.date()


def test_the_row_of_such_a_text_goes_before_its_key(fleet: None) -> None:
    shop = pages.shop()
    message_id = ids.decode("msg", pages.message(shop, text=TEXT))
    with superuser() as connection:
        connection.execute("UPDATE messaging_message SET final_at = %s WHERE id = %s", [clock.now(), message_id])
        upkeep.drop_bodies(at=clock.now() + 6 * DAY)
        kept = connection.execute("SELECT 1 FROM messaging_body WHERE message_id = %s", [message_id]).fetchone()
        while upkeep.drop_bodies(at=clock.now() + 7 * DAY):
            pass
        gone = connection.execute("SELECT 1 FROM messaging_body WHERE message_id = %s", [message_id]).fetchone()
    upkeep.extend_partitions(at=clock.now())

    assert (kept, gone) == ((1,), None)


@pytest.mark.promise("fleet-09", "fleet-33")
def test_a_webhook_tells_the_number_no_longer_than_a_page_does(fleet: None) -> None:
    shop = pages.shop()
    message_id = ids.decode("msg", pages.message(shop, text=TEXT))
    with superuser() as connection:
        connection.execute("SELECT pipeline.finish(%s, %s, %s, %s)", [[message_id], ["delivered"], [None], clock.now()])
    with scope.workspace(shop.workspace.id):
        message = Message.objects.get(pk=message_id)
    for content in ("full", "thin"):
        event = claimed(message, content)
        before, after = (told(event, at=message.body_until + step) for step in (-MOMENT, dt.timedelta()))
        assert before["to"] == (pages.TO if content == "full" else phone.mask(pages.TO))
        assert after["to"] is None


def claimed(message: Message, content: str) -> events.Claimed:
    """A delivery about it, as the pipeline hands one over."""
    empty = dict.fromkeys(events.Claimed._fields)
    return events.Claimed(**{  # type: ignore[arg-type]  # what a payload does not ask for is left out
        **empty, "id": message.id, "workspace_id": message.workspace_id, "type": "message.delivered",
        "occurred_at": clock.now(), "attempts": 1, "content": content, "message_id": message.id,
        "to_ct": bytes(message.to_ct or b""), "body_until": message.body_until,
    })  # fmt: skip


def told(event: events.Claimed, *, at: dt.datetime) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(events.payload(event, at=at))["data"]
    return data
