"""Taking people out of every table: what the plan says, what is left, and what happens on the way."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID, uuid4

import pytest
from django.db import connections

from accounts.models import ApiKey, Membership, User
from messaging.drafting import Draft
from messaging.models import Body, Message, Suppression
from privacy import archives, erasure, finding, holds, keyring, profiles, registry, tombstones, upkeep
from privacy.archives import building
from privacy.erasure import planning
from privacy.keystore.models import Tombstone
from privacy.live import people
from privacy.models import AuditEvent, DataRequest, Erasure, Hold, RequestTicket, StoppedErasure
from privacy.models.data_request import About, Kind
from privacy.people import Person
from privacy.requests import desk, tickets
from privacy.requests.proofs import Identity
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope
from tests.factories import messaging
from tests.factories.accounts import World, make_member, make_user, make_workspace
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


def released(world: World) -> None:
    for hold in Hold.objects.using("system").filter(workspace_id=world.id, released_at=None):
        holds.release(hold=hold, reason="closed", by=uuid4(), at=clock.now())


@pytest.mark.promise("transit-27")
def test_an_erasure_that_a_hold_stopped_goes_on_when_the_hold_is_released() -> None:
    world, to = make_workspace(), number()
    named, other = final(world, to, count=2)
    held(world, named.id)
    request = ids.uuid7()
    erasure.execute(recipient(to), request_id=request, at=clock.now())

    stopped = StoppedErasure.objects.using("system").get(erasure_id=request)
    assert stopped.left["messaging.Message"] == 1
    assert to not in repr(vars(stopped))
    erasure.resume(at=clock.now())
    assert finding.workspaces_of(to) == [world.id]  # the hold still stands
    (later,) = final(world, to)  # the person let themselves be texted again

    released(world)
    erasure.resume(at=clock.now())

    with scope.workspace(world.id):
        rows = {row.id: row.to_ct is None for row in Message.objects.filter(workspace_id=world.id)}
    assert rows == {named.id: True, other.id: True, later.id: False}
    assert not StoppedErasure.objects.using("system").filter(erasure_id=request).exists()
    assert Erasure.objects.get(pk=request).done["messaging.Message"] == 2


def test_another_hold_on_the_same_stops_it_again() -> None:
    world, to = make_workspace(), number()
    (draft,) = final(world, to)
    held(world, draft.id)
    request = ids.uuid7()
    erasure.execute(recipient(to), request_id=request, at=clock.now())
    first = Hold.objects.using("system").get(workspace_id=world.id)
    held(world)

    holds.release(hold=first, reason="closed", by=uuid4(), at=clock.now())
    erasure.resume(at=clock.now())
    assert StoppedErasure.objects.using("system").filter(erasure_id=request).exists()

    released(world)
    erasure.resume(at=clock.now())
    assert finding.workspaces_of(to) == []


def test_what_somebody_who_signed_in_left_in_held_messages_goes_with_the_hold() -> None:
    world = make_workspace()
    member, _ = make_member(world)
    (draft,) = final(world, number())
    with superuser() as connection:
        connection.execute("UPDATE messaging_message SET user_id = %s WHERE id = %s", [member.pk, draft.id])
    held(world)
    erase(Person(subject="account_holder", user=member.pk))
    with scope.workspace(world.id):
        assert Message.objects.get(pk=draft.id).user_id == member.pk

    released(world)
    erasure.resume(at=clock.now())

    with scope.workspace(world.id):
        assert Message.objects.get(pk=draft.id).user_id != member.pk


def test_an_erasure_while_a_copy_is_made_ends_the_copy() -> None:
    world, to = make_workspace(), number()
    final(world, to)
    asked = ids.uuid7()
    archives.request(recipient(to), request_id=asked, at=clock.now())

    erase(recipient(to))

    assert not building.build(asked, at=clock.now())
    with pytest.raises(archives.Gone):
        archives.stream(asked, at=clock.now())


def request_of(to: str, kind: str) -> DataRequest:
    request = desk.receive(
        kind=kind, about=About.RECIPIENT, identity=Identity(kind="phone", value=to), words="please", at=clock.now()
    )  # fmt: skip
    desk.await_proof(request, at=clock.now())
    desk.prove(request, how="phone", at=clock.now())
    return request


def test_a_ticket_is_emptied_with_its_number_and_still_carried_out_from_its_request() -> None:
    world, to = make_workspace(), number()
    final(world, to)
    asked = request_of(to, Kind.ACCESS)
    tickets.forward(asked, [world.id], at=clock.now())

    erase(recipient(to))

    with scope.workspace(world.id):
        ticket = RequestTicket.objects.get(request_id=asked.pk)
        assert (ticket.msisdn, ticket.msisdn_idx, ticket.words) == (None, None, None)
        assert tickets.number_of(ticket) == to


# Marks of erasures


def test_marks_go_when_no_backup_needs_them_and_an_older_database_is_refused_for_good() -> None:
    world, to = make_workspace(), number()
    (draft,) = final(world, to)
    erase(recipient(to))
    workspace, later = uuid4(), clock.now() + profiles.duration("retention.backups") + dt.timedelta(days=8)
    tombstones.bury(model=keyring.ERASED[0], rows=[workspace], action=keyring.ERASED[1], at=clock.now())
    due = upkeep.tombstones_due()
    assert due is not None
    assert due < later

    assert upkeep.forget_tombstones(at=clock.now()) == 0
    while upkeep.forget_tombstones(at=later):
        pass

    assert not Tombstone.objects.filter(row_id=draft.id).exists()
    assert Tombstone.objects.filter(row_id=workspace).exists()  # it forbids new keys
    assert not tombstones.too_old()
    with older_database():
        assert tombstones.behind()
        with pytest.raises(erasure.TooOld):
            erasure.reapply(at=clock.now())


@contextmanager
def older_database() -> Iterator[None]:
    """As if it had been restored from before every erasure."""
    known = tombstones.known()
    with superuser() as connection:
        connection.execute("UPDATE privacy_known_epoch SET epoch = 0")
    yield
    with superuser() as connection:
        connection.execute("UPDATE privacy_known_epoch SET epoch = %s", [known])
    tombstones.look_again()


# What the register of promises looks at


def test_the_check_of_erasures_sees_what_is_back_and_what_a_released_hold_left() -> None:
    world, to = make_workspace(), number()
    (draft,) = final(world, to)
    held(world, draft.id)
    erase(recipient(to))
    user, _ = make_user()
    at = clock.now()
    before = people.erasures(at).evidence

    tombstones.bury(model="accounts.User", rows=[user.pk], action="delete", at=at)  # marked, and there
    released(world)
    after = people.erasures(at + dt.timedelta(hours=2))

    assert not after.holds
    assert (before["back"], after.evidence["back"]) == (0, 1)
    assert (before["released"], after.evidence["released"]) == (0, 1)
    Tombstone.objects.filter(row_id=user.pk).delete()
    erasure.resume(at=clock.now())
    assert people.erasures(at + dt.timedelta(hours=2)).evidence["released"] == 0


def test_the_check_of_copies_sees_a_key_that_outlived_its_copy() -> None:
    stray, at = uuid4(), clock.now()
    keyring.key(stray, keyring.Purpose.ARCHIVE)

    assert not people.archives_over(at + dt.timedelta(hours=1)).holds
    keyring.destroy_archive(stray)
    assert people.archives_over(at + dt.timedelta(hours=1)).evidence["keys"] == 0
