"""Taking people out of every table: what the plan says, what is left, and what happens on the way."""

import datetime as dt
from uuid import UUID, uuid4

import pytest
from django.db import connections

from accounts.models import ApiKey, Membership, User
from messaging.drafting import Draft
from messaging.models import Body, Message, Suppression
from privacy import archives, erasure, finding, holds, registry, tombstones
from privacy.erasure import planning
from privacy.keystore.models import Tombstone
from privacy.models import AuditEvent, Erasure, Hold
from privacy.people import Person
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope
from tests.factories import messaging
from tests.factories.accounts import World, make_member, make_workspace
from tests.factories.superuser import superuser
from tests.privacy.test_archives import made
from tests.privacy.test_finding import number, suppressed

pytestmark = pytest.mark.promise(
    "otp-30",
    "otp-41",
    "fleet-42",
    "transit-64",
    "transit-67",
    "transit-73",
    "transit-79",
    "team-06",
    "team-51",
    "api-29",
)


def recipient(to: str) -> Person:
    return Person(subject="recipient", msisdn=to)


def erase(person: Person) -> erasure.Plan:
    return erasure.execute(person, request_id=ids.uuid7(), at=clock.now())


def final(world: World, to: str, *, count: int = 1) -> list[Draft]:
    drafts = messaging.accept(world, to=to, count=count)
    messaging.finish(world, drafts)
    return drafts


def test_a_recipient_is_taken_out_of_every_workspace_and_others_stay() -> None:
    first, second, to, other = make_workspace(), make_workspace(), number(), number()
    final(first, to, count=2)
    final(second, to)
    final(first, other)

    erase(recipient(to))

    assert finding.workspaces_of(to) == []
    assert finding.workspaces_of(other) == [first.id]
    with scope.workspace(first.id):
        assert Message.objects.filter(workspace_id=first.id, to_ct=None).count() == 2
        assert Body.objects.filter(workspace_id=first.id).count() == 1


def test_an_objection_outlives_the_erasure_of_who_objected() -> None:
    world, to = make_workspace(), number()
    final(world, to)
    suppressed(world, to)

    plan = erase(recipient(to))

    assert [step.policy.model for step in plan.stays] == ["messaging.Suppression"]
    assert "worth nothing once it is forgotten" in plan.stays[0].reason
    with scope.workspace(world.id):
        assert Suppression.objects.filter(workspace_id=world.id).count() == 1


def test_what_waits_to_be_sent_is_given_up_with_its_money_back() -> None:
    world, to = make_workspace(), number()
    draft = messaging.accept(world, to=to)[0]

    erase(recipient(to))

    with scope.workspace(world.id):
        row = Message.objects.get(pk=draft.id)
    assert (row.status, row.error, row.refunded, row.to_ct) == ("rejected", "recipient_erased", True, None)


def test_what_a_carrier_is_being_handed_is_waited_for() -> None:
    world, to = make_workspace(), number()
    draft = messaging.accept(world, to=to)[0]
    leased(draft)

    with pytest.raises(erasure.InFlight):
        erase(recipient(to))

    with scope.workspace(world.id):
        assert Message.objects.get(pk=draft.id).to_ct is not None


def leased(draft: Draft) -> None:
    """A worker claimed it a moment ago."""
    with superuser() as connection:
        connection.execute("UPDATE messaging_outbox SET state = 1 WHERE message_id = %s", [draft.id])


def test_the_plan_is_a_dry_run() -> None:
    world, to = make_workspace(), number()
    final(world, to)

    plan = erasure.plan(recipient(to))

    assert {step.policy.model: step.rows for step in plan.goes}["messaging.Message"] == 1
    assert finding.workspaces_of(to) == [world.id]


def test_somebody_who_signs_in_is_erased_and_what_they_made_for_the_workspace_stays() -> None:
    world = make_workspace()
    member, _ = make_member(world)
    with scope.workspace(world.id):
        key = ApiKey.objects.filter(workspace_id=world.id).first()
        assert key is not None
        ApiKey.objects.filter(pk=key.pk).update(created_by=member.pk)

    plan = erase(Person(subject="account_holder", user=member.pk))

    assert not User.objects.filter(pk=member.pk).exists()
    with scope.workspace(world.id):
        assert ApiKey.objects.get(pk=key.pk).created_by != member.pk
        assert not Membership.objects.filter(workspace_id=world.id, user_id=member.pk).exists()
    assert all(step.reason for step in plan.stays)


def test_evidence_stays_and_says_why() -> None:
    world = make_workspace()

    plan = erasure.plan(Person(subject="account_holder", user=world.owner.pk))

    kept = {step.policy.model: step.reason for step in plan.steps if step.kind == "keep"}
    assert "evidence" in kept["privacy.AuditEvent"]
    assert "books" in kept["billing.Transfer"]


def test_the_only_owner_is_told_to_close_or_hand_over_first() -> None:
    world = make_workspace()

    with pytest.raises(erasure.Blocked):
        erase(Person(subject="account_holder", user=world.owner.pk))

    assert User.objects.filter(pk=world.owner.pk).exists()


def test_erasing_twice_changes_nothing_more() -> None:
    world, to, request = make_workspace(), number(), ids.uuid7()
    final(world, to)
    erasure.execute(recipient(to), request_id=request, at=clock.now())
    before = Erasure.objects.get(pk=request).done

    erasure.execute(recipient(to), request_id=request, at=clock.now())

    assert Erasure.objects.get(pk=request).done == before == {"messaging.Body": 1, "messaging.Message": 1}


def test_the_marks_in_the_key_store_name_rows_and_nobody() -> None:
    world, to = make_workspace(), number()
    draft = final(world, to)[0]
    before = tombstones.known()

    erase(recipient(to))

    marks = Tombstone.objects.filter(row_id=draft.id)
    assert [mark.model for mark in marks] == ["messaging.Message"]
    assert tombstones.known() > before
    assert not tombstones.behind()


def test_a_copy_of_the_data_is_ended_with_the_data() -> None:
    world, to = make_workspace(), number()
    final(world, to)
    request = made(recipient(to))

    erase(recipient(to))

    with pytest.raises(archives.Gone):
        archives.stream(request, at=clock.now())


def test_a_strangers_erasure_touches_nothing() -> None:
    world, to = make_workspace(), number()
    final(world, to)

    plan = erase(recipient(number()))

    assert plan.goes == []
    assert finding.workspaces_of(to) == [world.id]


@pytest.mark.parametrize("subject", ["account_holder", "staff", "recipient"])
def test_every_plan_fits_the_tables_and_the_rights_of_its_worker(subject: str) -> None:
    stuck = []
    for policy in registry.of_workspaces():
        for step in planning.check(policy, subject):
            right = "DELETE" if step.kind == "delete" else "UPDATE" if step.kind == "clear" else ""
            if right and not may(step.section.model._meta.db_table, right):
                stuck.append(f"{right} {policy.model}")

    assert sorted(set(stuck)) == [], "grant sp_definer these, and give it a policy (Isolate does)"


def may(table: str, right: str) -> bool:
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT has_table_privilege('sp_definer', %s, %s)", [f'"{table}"', right])
        return bool(cursor.fetchone()[0])


def test_evidence_of_a_workspace_survives_its_people() -> None:
    world = make_workspace()
    member, _ = make_member(world)
    with scope.workspace(world.id):
        before = AuditEvent.objects.filter(workspace_id=world.id).count()

    erase(Person(subject="team_member", user=member.pk))

    with scope.workspace(world.id):
        assert AuditEvent.objects.filter(workspace_id=world.id).count() >= before


def held(world: World, *messages: UUID) -> Hold:
    at = clock.now()
    return holds.place(
        workspace=world.id, basis=Hold.Basis.INVESTIGATION, units=[holds.METADATA], messages=messages, reason="a case",
        review_at=at + dt.timedelta(days=30), by=uuid4(), at=at,
    )  # fmt: skip


def test_what_a_hold_names_stays_and_is_said_and_the_rest_goes() -> None:
    world, to = make_workspace(), number()
    named, other = final(world, to, count=2)
    held(world, named.id)

    plan = erase(recipient(to))

    assert {step.policy.model for step in plan.stays} >= {"messaging.Message"}
    assert {step.reason for step in plan.stays if step.policy.model == "messaging.Message"} == {planning.HELD}
    with scope.workspace(world.id):
        kept = {row.id: row.to_ct is None for row in Message.objects.filter(id__in=[named.id, other.id])}
    assert kept == {named.id: False, other.id: True}


def test_a_hold_on_a_whole_workspace_leaves_its_messages_and_no_others() -> None:
    under, free, to = make_workspace(), make_workspace(), number()
    final(under, to)
    final(free, to)
    held(under)

    erase(recipient(to))

    assert finding.workspaces_of(to) == [under.id]
