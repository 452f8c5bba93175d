import datetime as dt
from typing import Any

import msgspec
import pytest

from messaging import presenting, sources
from messaging.api.documents import BatchDocument, MessageDocument
from messaging.drafting import Draft, Source
from messaging.models import Message
from smsplatform.lib import clock
from smsplatform.lib.api.problems import FieldError, Problem
from smsplatform.lib.tenancy import scope
from tests.factories import messaging
from tests.factories.accounts import World, make_workspace


@pytest.fixture(scope="module")
def world() -> World:
    return make_workspace()


def source_of(world: World) -> Source:
    return sources.for_user(world.id, world.owner.id, livemode=False)


def row_of(world: World, draft: Draft, *, at: dt.datetime | None = None) -> dict[str, Any]:
    with scope.workspace(world.id):
        return presenting.of_row(Message.objects.with_state().get(id=draft.id), at=at or clock.now())


def test_a_draft_and_its_row_read_the_same(world: World) -> None:
    at = clock.now()
    (draft,) = messaging.accept(world, at=at, reference="order 7", metadata={"shop": "berlin"})

    answered = presenting.of_draft(draft, source_of(world), at=at)

    assert msgspec.json.encode(row_of(world, draft)) == msgspec.json.encode(answered)


def test_a_draft_reads_as_documented(world: World) -> None:
    (draft,) = messaging.accept(world)

    shown = msgspec.json.encode(presenting.of_draft(draft, source_of(world), at=clock.now()))

    found = msgspec.json.decode(shown, type=MessageDocument)
    assert found.status == "queued"
    assert found.to == messaging.TO
    assert found.price.state == "held"


def test_a_text_is_not_shown_after_its_time_although_its_row_is_there(world: World) -> None:
    (draft,) = messaging.accept(world)

    late = draft.plan.body_expires_at + dt.timedelta(seconds=1)

    assert row_of(world, draft)["body"] == messaging.TEXT
    assert row_of(world, draft, at=late)["body"] is None


def test_a_delivered_message_is_charged_and_a_failed_one_released_by_policy(world: World) -> None:
    good, bad = messaging.accept(world, count=2)

    messaging.finish(world, [good])
    messaging.finish(world, [bad], "undelivered")

    assert row_of(world, good)["price"]["state"] == "charged"
    assert row_of(world, bad)["status"] == "undelivered"
    assert row_of(world, bad)["error"]["code"].startswith("carrier_undelivered")


def test_many_rows_cost_no_more_queries_than_one(world: World, django_assert_num_queries: Any) -> None:
    drafts = messaging.accept(world, count=20)
    with scope.workspace(world.id):
        rows = list(Message.objects.with_state().filter(id__in=[draft.id for draft in drafts]))

        with django_assert_num_queries(2):
            shown = presenting.of_rows(rows, at=clock.now())

    assert {data["body"] for data in shown} == {messaging.TEXT}


def test_a_batch_tells_accepted_and_refused_apart_in_order(world: World) -> None:
    drafts = messaging.accept(world, count=2)
    bad = Problem.of([FieldError(pointer="#/to", code="not_e164")])

    outcomes = ["ok", "suppressed_recipient"]
    answer = presenting.of_batch(drafts[0].id, [drafts[0], bad, drafts[1]], outcomes, source_of(world), at=clock.now())

    found = msgspec.json.decode(msgspec.json.encode(answer), type=BatchDocument)
    assert (found.accepted, found.refused) == (1, 2)
    assert [entry.get("code") for entry in answer["results"]] == [None, "not_e164", "suppressed_recipient"]


@pytest.mark.parametrize(
    ("micro", "text"),
    [(0, "0.00"), (71_000, "0.071"), (1_500_000, "1.50"), (1, "0.000001"), (-20_000, "-0.02"), (100_000_000, "100.00")],
)
def test_amounts_are_decimals_with_as_many_places_as_they_need(micro: int, text: str) -> None:
    assert presenting.amount(micro) == text
