"""Data that may be stored and nothing else: no message leaves, whenever the restriction comes."""

import datetime as dt

import pytest
from django.core import mail as outbox

from accounts.models import Workspace
from messaging import upkeep as traffic
from messaging.models import Message, Suppression
from privacy import restrictions
from privacy.people import Person
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope
from tests.factories import messaging, pages
from tests.factories.accounts import make_workspace
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


def purged() -> dt.datetime | None:
    while traffic.purge_metadata(at=clock.now()):
        pass
    traffic.extend_partitions(at=clock.now())
    return traffic.metadata_due()
