"""From the queue to the final state, on the functions the workers call: claims, answers, receipts, expiry, refunds."""

import dataclasses
import datetime as dt
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connections
from msgspec.structs import replace

from billing import ledger
from messaging import sources
from messaging.acceptance import Order, accept_now
from messaging.drafting import Draft, Privacy, SendRequest, plan, seal
from messaging.models import (
    Attempt,
    Body,
    Carrier,
    Delivery,
    Message,
    MessageEvent,
    Outbox,
    Suppression,
    WebhookEndpoint,
)
from messaging.submission import Claimed
from privacy import keyring
from smsplatform.lib import arrays, clock, database
from smsplatform.lib.tenancy import scope
from tests.factories.accounts import World, make_workspace

AT = clock.now()
TO = "+31612345678"
MINUTE = dt.timedelta(minutes=1)


def system(sql: Any, arguments: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connections["system"].cursor() as cursor:
        cursor.execute(sql, arguments)
        return list(cursor.fetchall())


@dataclass
class Way:
    """A workspace whose messages go to a carrier that no other test claims from."""

    world: World = field(default_factory=make_workspace)
    carrier: UUID = field(default_factory=uuid4)
    holder: UUID = field(default_factory=uuid4)

    def accept(self, count: int = 1, at: dt.datetime = AT, basis: str = "submit", **fields: Any) -> list[Draft]:
        source = sources.for_user(self.world.id, self.world.owner.id, livemode=True)
        made = plan(SendRequest(**{"to": TO, "body": "Hello", **fields}), source, at=at)
        made = replace(made, carrier=self.carrier, quote=dataclasses.replace(made.quote, refund_basis=basis))
        key = keyring.body_key(self.world.id, made.body_expires_at.date())
        drafts = [seal(made, source, key) for _ in range(count)]
        with scope.workspace(self.world.id):
            assert accept_now(Order(source=source, drafts=drafts, at=at)) == ["ok"] * count
        return drafts

    def claim(self, limit: int = 100, at: dt.datetime = AT) -> list[Claimed]:
        rows = system(
            "SELECT * FROM pipeline.claim(%s, %s, %s, %s, %s)",
            [self.carrier, self.holder, limit, at, at + dt.timedelta(seconds=30)],
        )
        return [Claimed(*row) for row in rows]

    def answer(
        self,
        rows: Sequence[Claimed],
        *,
        action: str = "submitted",
        outcome: str = "accepted",
        refs: Sequence[str] = (),
        parts: int = 1,
        code: str | None = None,
        due: dt.datetime | None = None,
        to: UUID | None = None,
        at: dt.datetime = AT,
    ) -> list[str]:
        told = [(row, part) for row in rows for part in range(1, parts + 1)]
        refs = list(refs) or [f"{row.message_id.hex}-{part}" for row, part in told]
        system(
            "SELECT pipeline.record_results(" + "%s, " * 18 + "%s)",
            [
                self.carrier, "s", at, arrays.uuids([r.message_id for r, _ in told]),
                arrays.uuids([r.workspace_id for r, _ in told]), arrays.int2s([part for _, part in told]),
                arrays.int2s([r.attempt for r, _ in told]), arrays.int8s([1] * len(told)),
                arrays.texts([outcome] * len(told)), arrays.texts([code] * len(told)),
                arrays.texts(refs if outcome == "accepted" else [None] * len(told)), arrays.times([at] * len(told)),
                arrays.uuids([r.message_id for r in rows]), arrays.texts([action] * len(rows)),
                arrays.texts([code] * len(rows)), arrays.times([due] * len(rows)),
                arrays.uuids([to or self.carrier] * len(rows)), arrays.int2s([0] * len(rows)),
                arrays.int2s([1] * len(rows)),
            ],
        )  # fmt: skip
        return refs

    def receipts(self, refs: Sequence[str], state: str = "delivered", code: str = "", at: dt.datetime = AT) -> int:
        """How many were kept as orphans."""
        columns = [arrays.texts(refs), arrays.texts([state] * len(refs)), arrays.texts([code or None] * len(refs))]
        return int(system("SELECT pipeline.record_receipts(%s, %s, %s, %s, %s)", [self.carrier, at, *columns])[0][0])

    def states(self) -> list[tuple[str, str | None]]:
        with scope.workspace(self.world.id):
            return list(Message.objects.order_by("id").values_list("status", "error"))

    def owed(self) -> int:
        """Charges less refunds."""
        with scope.workspace(self.world.id):
            return 100_000_000 - ledger.balance(workspace=self.world.id, currency="EUR", livemode=True).available

    def given_back(self, draft: Draft) -> tuple[int, bool]:
        """How much, and whether it is all."""
        with scope.workspace(self.world.id):
            message = Message.objects.get(id=draft.id)
        return message.given_back, message.refunded

    def broken(self) -> list[ledger.Violation]:
        return ledger.verify(workspace=self.world.id)

    def count(self, model: Any, **filters: Any) -> int:
        with scope.workspace(self.world.id):
            return int(model.objects.filter(workspace_id=self.world.id, **filters).count())


@pytest.fixture
def way() -> Way:
    return Way()


# Claims


def test_passcodes_are_claimed_first_and_the_oldest_of_a_lane_first(way: Way) -> None:
    marketing = way.accept(category="marketing")
    texts = [*way.accept(at=AT - MINUTE), *way.accept()]
    code = way.accept(category="otp")

    assert [row.message_id for row in way.claim(1)] == [code[0].id]
    assert [row.message_id for row in way.claim(1)] == [texts[0].id]
    assert {row.message_id for row in way.claim()} == {texts[1].id, marketing[0].id}


def test_a_claim_leaves_out_what_is_not_due_or_no_longer_valid(way: Way) -> None:
    way.accept(send_at=AT + dt.timedelta(hours=1))
    way.accept(ttl=60)

    assert way.claim(at=AT + 2 * MINUTE) == []
    assert len(way.claim(at=AT + dt.timedelta(hours=1))) == 1


def test_two_workers_never_claim_the_same_message(way: Way) -> None:
    way.accept(60)
    claimed: list[UUID] = []

    def work() -> None:
        session = database.Session("system")
        while rows := session.rows(
            "SELECT * FROM pipeline.claim(%s, %s, %s, %s, %s)", [way.carrier, uuid4(), 7, AT, AT + MINUTE]
        ):
            claimed.extend(row[0] for row in rows)
        session.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert len(claimed) == len(set(claimed)) == 60


@pytest.mark.promise("api-30")
def test_a_claim_says_that_the_recipient_was_suppressed_meanwhile(way: Way) -> None:
    (draft,) = way.accept()
    with scope.workspace(way.world.id):
        Suppression.objects.create(workspace=way.world.workspace, to_idx=draft.to_idx, reason="restriction")

    assert [row.suppressed for row in way.claim()] == [True]


# Receipts


def test_a_receipt_delivers_a_message_once_and_empties_the_queue(way: Way) -> None:
    way.accept(3)
    refs = way.answer(way.claim())

    assert way.receipts(refs) == 0
    assert way.receipts(refs) == 0

    assert way.states() == [("delivered", None)] * 3
    assert way.count(Outbox) == 0
    assert way.count(MessageEvent) == 0


@pytest.mark.promise("transit-20")
@pytest.mark.parametrize(
    ("state", "status", "error"),
    [
        ("delivered", "delivered", None),
        ("undeliverable", "undelivered", "carrier_undeliverable_27"),
        ("rejected", "undelivered", "carrier_rejected_27"),
        ("deleted", "undelivered", "carrier_deleted_27"),
        ("expired", "expired", "carrier_expired_27"),
    ],
)
def test_each_receipt_state_has_its_status(way: Way, state: str, status: str, error: str | None) -> None:
    way.accept()
    way.receipts(way.answer(way.claim()), state, "27")

    assert way.states() == [(status, error)]


def test_a_later_contradiction_is_noted_and_changes_nothing(way: Way) -> None:
    way.accept()
    refs = way.answer(way.claim())
    way.receipts(refs)
    before = way.owed()

    way.receipts(refs, "undeliverable")

    assert way.states() == [("delivered", None)]
    assert way.count(MessageEvent, kind="receipt_conflict") == 1
    assert way.owed() == before


def test_a_receipt_before_the_answer_waits_and_is_applied_with_it(way: Way) -> None:
    make_orphans_possible(way)
    way.accept()
    rows = way.claim()

    assert way.receipts(["early"]) == 1
    way.answer(rows, refs=["early"])

    assert way.states() == [("delivered", None)]


def test_an_orphan_that_two_transactions_missed_is_matched_by_the_sweep(way: Way) -> None:
    make_orphans_possible(way)
    way.accept()
    way.answer(way.claim(), refs=["late"])
    with connections["owner"].cursor() as cursor:
        cursor.execute("SET ROLE sp_definer")
        cursor.execute(
            "INSERT INTO messaging_orphan_receipt (id, carrier_id, ref, state, received_at) "
            "VALUES (%s, %s, %s, %s, %s)",
            [uuid4(), way.carrier, "late", "delivered", AT],
        )
        cursor.execute("RESET ROLE")

    assert system("SELECT pipeline.match_orphans(%s, NULL, %s)", [way.carrier, AT]) == [(1,)]
    assert way.states() == [("delivered", None)]


def make_orphans_possible(way: Way) -> None:
    """Orphans name their carrier by foreign key."""
    carrier = Carrier(id=way.carrier, name=f"c{way.carrier.hex[:12]}", host="h", port=1, system_id="a", password="b")
    carrier.enabled = False
    carrier.save(using="owner", force_insert=True)


# Long messages


def test_a_long_message_is_delivered_when_every_part_is(way: Way) -> None:
    way.accept(body="x" * 400)
    refs = way.answer(way.claim(), parts=3)

    way.receipts(refs[:1])
    way.receipts([refs[2]])
    assert way.states() == [("queued", None)]

    way.receipts([refs[1]])
    assert way.states() == [("delivered", None)]


def test_a_long_message_with_one_lost_part_is_not_delivered(way: Way) -> None:
    way.accept(body="x" * 400)
    refs = way.answer(way.claim(), parts=3)

    way.receipts(refs[:2])
    way.receipts(refs[2:], "undeliverable", "5")

    assert way.states() == [("undelivered", "carrier_undeliverable_5")]


def test_all_parts_in_one_batch_of_receipts_settle_the_message(way: Way) -> None:
    way.accept(2, body="x" * 400)
    refs = way.answer(way.claim(), parts=3)

    way.receipts(refs)

    assert way.states() == [("delivered", None)] * 2


def test_a_long_message_returns_the_price_of_the_parts_no_carrier_took(way: Way) -> None:
    (draft,) = way.accept(body="a" * 400)
    rows = way.claim()
    refs = way.answer(rows, action="retry", parts=1, due=AT)
    again = way.claim()
    way.answer(again, action="failed", outcome="refused", refs=[], parts=0, code="invalid_destination")
    unit = draft.plan.quote.unit_micro

    way.receipts(refs, "delivered")

    assert way.states() == [("failed", "invalid_destination")]
    assert way.owed() == unit
    assert way.given_back(draft) == (2 * unit, False)
    assert way.broken() == []


def test_a_long_message_returns_the_price_of_the_parts_that_did_not_arrive_where_arrival_is_paid(way: Way) -> None:
    (draft,) = way.accept(body="a" * 400, basis="delivered")
    refs = way.answer(way.claim(), parts=3)
    unit = draft.plan.quote.unit_micro

    way.receipts(refs[:2], "delivered")
    way.receipts(refs[2:], "undelivered")
    way.receipts(refs[2:], "undelivered")

    assert way.states() == [("undelivered", "carrier_undelivered")]
    assert way.owed() == 2 * unit
    assert way.given_back(draft) == (unit, False)
    assert way.broken() == []


def test_a_long_message_without_receipts_returns_all_where_arrival_is_paid_and_nothing_where_sending_is(
    way: Way,
) -> None:
    paid, free = way.accept(body="a" * 400), way.accept(body="a" * 400, basis="delivered")
    way.answer(way.claim(), parts=3)

    expire(paid[0].plan.expires_at + 20 * MINUTE)

    assert set(way.states()) == {("expired", "no_receipt")}
    assert way.given_back(paid[0]) == (0, False)
    assert way.given_back(free[0]) == (free[0].plan.price, True)
    assert way.owed() == paid[0].plan.price


def test_a_retry_of_a_long_message_knows_the_parts_the_carrier_has(way: Way) -> None:
    way.accept(body="x" * 400)
    (row,) = way.claim()
    way.answer([row], parts=2, action="retry", due=AT)

    assert [again.sent for again in way.claim()] == [[1, 2]]


def test_the_better_receipt_of_a_part_sent_twice_counts(way: Way) -> None:
    way.accept()
    first = way.answer(way.claim(), action="retry", due=AT, refs=["one"])
    second = way.answer(way.claim(), refs=["two"])

    way.receipts(second, "delivered")
    way.receipts(first, "undeliverable")

    assert way.states() == [("delivered", None)]
    assert way.count(Attempt) == 2


# Doubt


def test_a_late_answer_takes_the_place_of_the_time_out(way: Way) -> None:
    way.accept()
    (row,) = way.claim()
    way.answer([row], outcome="unknown", action="retry", code="response_timeout", due=AT + MINUTE)
    way.answer([row], outcome="accepted", refs=["at last"])

    way.receipts(["at last"])

    assert way.states() == [("delivered", None)]
    assert way.count(Attempt, outcome="accepted") == 1


def test_what_a_dead_worker_held_is_taken_back_and_said_to_be_unknown(way: Way) -> None:
    way.accept()
    way.accept(category="marketing")
    way.claim()

    system("SELECT pipeline.reclaim(%s, %s, %s)", [AT, MINUTE, 10_000])

    assert way.count(MessageEvent, kind="unknown") == 2
    assert [row.lane for row in way.claim()] == [1]  # marketing waits for a receipt first
    assert [row.lane for row in way.claim(at=AT + MINUTE)] == [2]


def test_what_a_living_worker_holds_is_left_alone_until_its_lease_ends(way: Way) -> None:
    make_orphans_possible(way)
    with connections["owner"].cursor() as cursor:
        cursor.execute("UPDATE messaging_carrier SET enabled = true WHERE id = %s", [way.carrier])
    system("SELECT pipeline.hold_binds(%s, %s, true, %s, %s)", [way.carrier, way.holder, AT, AT + 9 * MINUTE])
    way.accept()
    way.claim()

    system("SELECT pipeline.reclaim(%s, %s, %s)", [AT, MINUTE, 10_000])
    assert way.count(Outbox, state=Outbox.State.LEASED) == 1

    system("SELECT pipeline.reclaim(%s, %s, %s)", [AT + MINUTE, MINUTE, 10_000])
    assert way.count(Outbox, state=Outbox.State.QUEUED) == 1


def test_workers_together_hold_no_more_binds_than_the_carrier_allows(way: Way) -> None:
    make_orphans_possible(way)
    with connections["owner"].cursor() as cursor:
        cursor.execute("UPDATE messaging_carrier SET enabled = true, binds_max = 2 WHERE id = %s", [way.carrier])

    def hold(holder: UUID, at: dt.datetime = AT) -> int:
        sql = "SELECT pipeline.hold_binds(%s, %s, false, %s, %s)"
        return int(system(sql, [way.carrier, holder, at, at + MINUTE])[0][0])

    first, second = uuid4(), uuid4()

    assert (hold(first), hold(second), hold(first)) == (2, 0, 2)
    assert hold(second, AT + 2 * MINUTE) == 2


# Ends


def expire(at: dt.datetime) -> None:
    while system("SELECT pipeline.expire(%s, %s, %s)", [at, 10 * MINUTE, 1000])[0][0]:
        pass


def test_validity_over_in_the_queue_expires_and_returns_the_money(way: Way) -> None:
    way.accept(ttl=60)

    expire(AT + 2 * MINUTE)

    assert way.states() == [("expired", "validity_over")]
    assert way.owed() == 0


def test_no_receipt_expires_after_the_grace_time_and_is_paid(way: Way) -> None:
    (draft,) = way.accept(ttl=60)
    way.answer(way.claim())

    expire(AT + 2 * MINUTE)
    assert way.states() == [("queued", None)]

    expire(AT + 12 * MINUTE)
    assert way.states() == [("expired", "no_receipt")]
    assert way.owed() == draft.plan.price


def test_a_message_the_carrier_refused_costs_nothing(way: Way) -> None:
    way.accept(4)
    way.answer(way.claim(), outcome="final", action="failed", code="invalid_destination")

    assert way.states() == [("failed", "invalid_destination")] * 4
    assert way.owed() == 0


def test_an_undelivered_message_is_paid_where_the_price_is_per_submission(way: Way) -> None:
    (draft,) = way.accept()
    way.receipts(way.answer(way.claim()), "undeliverable")

    assert way.owed() == draft.plan.price


@pytest.mark.promise("transit-23")
def test_a_text_to_be_discarded_and_a_number_to_be_masked_go_with_the_final_state(way: Way) -> None:
    way.accept(privacy=Privacy(content="discard", recipient="mask"))
    assert way.count(Body) == 1

    way.receipts(way.answer(way.claim()))

    assert way.count(Body) == 0
    with scope.workspace(way.world.id):
        message = Message.objects.get()
    assert message.to_ct is None
    assert message.redacted_at == AT


def test_every_event_is_queued_once_for_each_endpoint_that_wants_it(way: Way) -> None:
    with scope.workspace(way.world.id):
        for types in (["message.delivered"], ["message.queued", "message.submitted", "message.delivered"], []):
            WebhookEndpoint.objects.create(
                workspace=way.world.workspace, livemode=True, url="https://example.org/", secret="whsec_x", types=types
            )
    way.accept(2)
    refs = way.answer(way.claim())
    way.receipts(refs)
    way.receipts(refs)

    with scope.workspace(way.world.id):
        rows = list(
            Delivery.objects.filter(workspace=way.world.workspace).order_by("id").values_list("type", "event_id")
        )

    assert sorted(kind for kind, _ in rows) == sorted(
        ["message.delivered"] * 4 + ["message.queued"] * 2 + ["message.submitted"] * 2
    )
    assert len({event for _, event in rows}) == 6


def test_the_ids_of_a_messages_events_follow_their_order_even_within_a_millisecond(way: Way) -> None:
    with scope.workspace(way.world.id):
        WebhookEndpoint.objects.create(
            workspace=way.world.workspace, livemode=True, url="https://example.org/", secret="whsec_x",
            types=["message.queued", "message.submitted", "message.delivered"],
        )  # fmt: skip
    way.accept()
    way.receipts(way.answer(way.claim()))

    with scope.workspace(way.world.id):
        kinds = Delivery.objects.filter(workspace=way.world.workspace).order_by("id").values_list("type", flat=True)
        assert list(kinds) == ["message.queued", "message.submitted", "message.delivered"]


def test_orphans_are_kept_until_somebody_can_say_what_they_were(way: Way) -> None:
    make_orphans_possible(way)

    assert way.receipts(["nobody's"]) == 1

    with connections["owner"].cursor() as cursor:
        cursor.execute("SET ROLE sp_definer")
        cursor.execute("SELECT count(*) FROM messaging_orphan_receipt WHERE carrier_id = %s", [way.carrier])
        assert cursor.fetchone() == (1,)
        cursor.execute("RESET ROLE")


@pytest.mark.promise("api-03")
def test_moving_to_another_carrier_is_told_to_who_asked(way: Way) -> None:
    with scope.workspace(way.world.id):
        WebhookEndpoint.objects.create(
            workspace=way.world.workspace, livemode=True, url="https://example.org/", secret="whsec_x",
            types=["message.rerouted"],
        )  # fmt: skip
    way.accept()
    rows = way.claim()
    other = Way(world=way.world)

    way.answer(rows, outcome="temporary", action="retry", code="system_error", due=AT, to=other.carrier)

    assert way.count(MessageEvent, kind="rerouted") == 1
    assert way.count(Delivery, type="message.rerouted", error="system_error") == 1
    assert way.claim() == []
    assert len(other.claim()) == 1


def test_an_answer_written_twice_because_its_commit_was_not_heard_of_is_told_once(way: Way) -> None:
    with scope.workspace(way.world.id):
        WebhookEndpoint.objects.create(
            workspace=way.world.workspace, livemode=True, url="https://example.org/", secret="whsec_x",
            types=["message.submitted"],
        )  # fmt: skip
    way.accept()
    rows = way.claim()

    way.answer(rows)
    way.answer(rows)

    assert way.count(Delivery) == 1
    assert way.count(Attempt) == 1
