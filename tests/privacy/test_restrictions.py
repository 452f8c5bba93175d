"""Data that may be stored and nothing else: no message leaves, whenever the restriction comes."""

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from django.core import mail as outbox
from django.db import connections

from accounts.models import Workspace
from messaging import endpoints
from messaging import upkeep as traffic
from messaging.events import Claimed, payload
from messaging.models import Delivery, Message, Suppression
from privacy import erasure, restrictions
from privacy.people import Person
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope
from tests.factories import messaging, pages
from tests.factories.accounts import World, make_workspace
from tests.factories.superuser import superuser
from tests.messaging.test_pipeline import TO, Way, way
from tests.privacy.test_finding import number
from tests.privacy.test_retention import aged, count

__all__ = ["way"]
pytestmark = pytest.mark.promise("otp-42", "fleet-44", "transit-68", "team-54")


def restrict(person: Person) -> None:
    restrictions.restrict(person, request_id=ids.uuid7(), at=clock.now())


def test_a_restricted_number_is_refused_by_every_workspace_that_knew_it_until_it_is_lifted() -> None:
    first, second, to = make_workspace(), make_workspace(), number()
    messaging.accept(first, to=to)
    messaging.accept(second, to=to)
    person = Person(subject="recipient", msisdn=to)

    restrict(person)

    for world in (first, second):
        refused = world.api().post("/v1/messages", {"to": to, "body": "x"})
        assert (refused.status_code, refused.json()["code"]) == (422, "suppressed_recipient")
    assert restrictions.is_restricted(person)

    restrictions.lift(person, at=clock.now())

    assert first.api().post("/v1/messages", {"to": to, "body": "x"}).status_code == 202
    assert not restrictions.is_restricted(person)


def test_a_restriction_between_acceptance_and_claim_is_never_sent(way: Way) -> None:
    way.accept()

    restrict(Person(subject="recipient", msisdn=TO, workspace=way.world.id))

    rows = way.claim()
    assert [row.suppressed for row in rows] == [True]
    way.answer(rows, action="rejected", code="suppressed_recipient", parts=0)
    with scope.workspace(way.world.id):
        row = Message.objects.get(workspace_id=way.world.id)
    assert (row.status, row.error, row.refunded) == ("rejected", "suppressed_recipient", True)


def test_in_one_workspace_only_if_asked_for() -> None:
    first, second, to = make_workspace(), make_workspace(), number()
    messaging.accept(second, to=to)

    restrict(Person(subject="recipient", msisdn=to, workspace=first.id))

    assert second.api().post("/v1/messages", {"to": to, "body": "x"}).status_code == 202


def test_lifting_leaves_an_objection_alone() -> None:
    world, to = make_workspace(), number()
    messaging.accept(world, to=to)
    world.api().post("/v1/suppressions", {"to": to, "reason": "objection"})
    person = Person(subject="recipient", msisdn=to)
    restrict(person)

    restrictions.lift(person, at=clock.now())

    with scope.workspace(world.id):
        assert [row.reason for row in Suppression.objects.filter(workspace_id=world.id)] == ["objection"]


def test_staff_lists_leave_restricted_messages_out() -> None:
    world, to = make_workspace(), number()
    messaging.accept(world, to=to)
    other = messaging.accept(world, to=number())[0]

    restrict(Person(subject="recipient", msisdn=to))

    with scope.workspace(world.id):
        assert [row.id for row in Message.objects.filter(workspace_id=world.id).unrestricted()] == [other.id]


def test_somebody_who_signs_in_is_told_before_it_is_lifted() -> None:
    world = make_workspace()
    person = Person(subject="account_holder", user=world.owner.pk)
    restrict(person)
    assert world.owner.pk in restrictions.restricted_people()

    restrictions.lift(person, at=clock.now())

    assert outbox.outbox[-1].to == [world.email]
    assert world.owner.pk not in restrictions.restricted_people()


def test_what_is_not_restricted_cannot_be_lifted() -> None:
    with pytest.raises(restrictions.NotRestricted):
        restrictions.lift(Person(subject="recipient", msisdn=number()), at=clock.now())


def test_the_purge_of_old_messages_leaves_what_is_restricted_until_it_is_lifted() -> None:
    shop, to = pages.shop(), number()
    restricted, other = pages.message(shop, to=to), pages.message(shop, to=number())
    kept, gone = aged(restricted, 91), aged(other, 91)
    person = Person(subject="recipient", msisdn=to)
    restrict(person)

    due = purged()
    assert count("messaging_message", "id = %s", gone) == 0
    assert count("messaging_message", "id = %s", kept) == 1
    assert count("messaging_event", "message_id = %s", kept) == 1
    assert due is None or due > clock.now()  # what must stay is not overdue
    with scope.workspace(shop.workspace.id):
        assert not Message.objects.readable(at=clock.now()).filter(pk=kept).exists()

    restrictions.lift(person, at=clock.now())
    purged()
    assert count("messaging_message", "id = %s", kept) == 0
    assert count("messaging_event", "message_id = %s", kept) == 0


def test_a_workspace_that_keeps_less_keeps_what_is_restricted_and_its_month_is_not_dropped() -> None:
    shop, to = pages.shop(), number()
    public = pages.message(shop, to=to)
    with scope.workspace(shop.workspace.id):
        Workspace.objects.filter(pk=shop.workspace.id).update(metadata_days=7)
    restrict(Person(subject="recipient", msisdn=to))
    tightened, old = aged(public, 8), aged(public, 150)

    purged()

    assert count("messaging_message", "id = ANY (%s)", [tightened, old]) == 2


@pytest.mark.parametrize("content", ["thin", "full"])
def test_deliveries_about_a_restricted_recipient_wait_and_go_in_order_when_it_is_lifted(content: str) -> None:
    shop, to = Told.of(content), number()
    shop.sends(to)
    person = Person(subject="recipient", msisdn=to)

    restrict(person)
    shop.sends(other := number())
    quiet = shop.claims(0), shop.claims(16), shop.claims(600)
    shown = [(row.state, row.attempts, row.last_error) for row in shop.deliveries(to)]
    restrictions.lift(person, at=clock.now())
    late = [shop.claims(600 + 16), shop.claims(700)]

    assert quiet == ([(other, "message.queued")], [(other, "message.delivered")], [])
    assert shown == [("pending", 0, "recipient_restricted"), ("pending", 0, None)]
    assert late == [[(to, "message.queued")], [(to, "message.delivered")]]


def test_a_restriction_in_one_workspace_holds_back_nothing_of_another() -> None:
    first, second, to = Told.of("thin"), Told.of("thin"), number()
    first.sends(to)
    second.sends(to)

    restrict(Person(subject="recipient", msisdn=to, workspace=first.world.id))

    assert (first.claims(0), second.claims(0)) == ([], [(to, "message.queued")])


def test_what_waits_goes_with_the_data_when_the_person_is_erased() -> None:
    shop, to = Told.of("full"), number()
    shop.sends(to)
    person = Person(subject="recipient", msisdn=to)
    restrict(person)
    assert shop.claims(0) == []

    erasure.execute(person, request_id=ids.uuid7(), at=clock.now())
    restrictions.lift(person, at=clock.now())

    assert shop.claims(16) == []
    assert shop.deliveries() == []


def test_of_a_message_that_outlived_its_time_meanwhile_an_event_tells_id_and_status_only() -> None:
    shop, to = Told.of("full"), number()
    shop.sends(to)

    (row,) = shop.rows(60 * 24 * 91)
    told = json.loads(payload(row, at=clock.now() + dt.timedelta(days=91)))["data"]

    assert told["status"] == "queued"
    assert {name for name, value in told.items() if value is not None} == {
        "id", "object", "status", "livemode", "created_at",
    }  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """A workspace whose endpoint wants to hear everything; it is claimed for here, and never posted to."""

    world: World
    endpoint: UUID
    sent: dict[str, UUID]

    @classmethod
    def of(cls, content: str) -> "Told":
        world = make_workspace()
        values = {"url": "https://example.org/hook", "types": ["message.queued", "message.delivered"]}
        with scope.workspace(world.id):
            made = endpoints.create(
                workspace=world.id, livemode=False, values={**values, "content": content}, by=None, at=clock.now()
            )
        return cls(world=world, endpoint=made.id, sent={})

    def sends(self, to: str) -> None:
        drafts = messaging.accept(self.world, to=to)
        self.sent[to] = drafts[0].id
        messaging.finish(self.world, drafts)

    def deliveries(self, to: str | None = None) -> list[Delivery]:
        with scope.workspace(self.world.id):
            rows = Delivery.objects.filter(workspace_id=self.world.id).order_by("id")
            return list(rows.filter(message_id=self.sent[to]) if to else rows)

    def rows(self, minutes: int) -> list[Claimed]:
        """What is claimed so much later for this endpoint, and nothing for those of others."""
        at = clock.now() + dt.timedelta(minutes=minutes)
        with superuser() as session:
            others = [
                row[0] for row in session.execute(
                    "SELECT id FROM messaging_webhook_endpoint WHERE id <> %s", [self.endpoint]
                )
            ]  # fmt: skip
        with connections["system"].cursor() as cursor:
            cursor.execute(
                "SELECT * FROM pipeline.claim_deliveries(%s, %s, %s, %s::uuid[])",
                [100, at, at + dt.timedelta(minutes=1), others],
            )
            return [Claimed(*row) for row in cursor.fetchall()]

    def claims(self, minutes: int) -> list[tuple[str, str]]:
        """To whom and what, delivered at once."""
        rows, whom = self.rows(minutes), {message: to for to, message in self.sent.items()}
        at = clock.now()
        with connections["system"].cursor() as cursor:
            for row in rows:
                values: list[Any] = [at, [row.id], ["delivered"], [204], [None], [None], [1]]
                cursor.execute(
                    "SELECT pipeline.record_deliveries(%s, %s, %s, %s::smallint[], %s::text[], %s::timestamptz[], %s)",
                    values,
                )
        return [(whom[row.message_id], row.type) for row in rows if row.message_id]


def purged() -> dt.datetime | None:
    while traffic.purge_metadata(at=clock.now()):
        pass
    traffic.extend_partitions(at=clock.now())
    return traffic.metadata_due()
