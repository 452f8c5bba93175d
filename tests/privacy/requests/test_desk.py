"""How a request moves from state to state, and what each step leaves behind."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections
from hypothesis import given, settings
from hypothesis import strategies as st

from privacy.keyring import PLATFORM
from privacy.models import AuditEvent, DataRequest, DataRequestStep
from privacy.models.data_request import About, Kind, State
from privacy.requests import desk, proofs, states
from privacy.requests.proofs import Identity
from smsplatform.lib import clock
from smsplatform.lib.tenancy import scope

DAY = dt.timedelta(days=1)


def a_number() -> Identity:
    return Identity(kind="phone", value=f"+4915{uuid4().int % 10**9:09d}")


def received(kind: str = Kind.ACCESS, **options: Any) -> DataRequest:
    made: dict[str, Any] = {"about": About.RECIPIENT, "identity": a_number(), "at": clock.now()}
    return desk.receive(kind=kind, **made | options)


def verified(kind: str = Kind.ACCESS, **options: Any) -> DataRequest:
    request = received(kind, **options)
    desk.await_proof(request, at=request.received_at)
    desk.prove(request, how="phone", at=request.received_at)
    return request


def stored(request: DataRequest) -> DataRequest:
    return DataRequest.objects.get(pk=request.pk)


@settings(max_examples=25, deadline=None)
@given(wanted=st.lists(st.sampled_from(State.values), max_size=8))
def test_only_what_the_table_allows_ever_happens(wanted: list[str]) -> None:
    request, at = received(), clock.now()
    expected: list[str] = [State.RECEIVED]

    for state in wanted:
        if states.may(expected[-1], state):
            desk.move(request, state, by="platform", at=at)
            expected.append(state)
        else:
            with pytest.raises(desk.NotAllowed):
                desk.move(request, state, by="platform", at=at)

    assert stored(request).state == expected[-1]
    assert list(request.steps.order_by("id").values_list("state", flat=True)) == expected
    assert (stored(request).closed_at is not None) == (expected[-1] in states.FINAL)


def test_nothing_follows_an_end_and_every_end_can_be_reached() -> None:
    assert not states.FINAL & states.FOLLOWS.keys()
    assert set().union(*states.FOLLOWS.values()) >= states.FINAL
    assert set(State.values) == states.FOLLOWS.keys() | states.FINAL


def test_of_two_who_move_a_request_at_once_one_is_refused() -> None:
    request = verified()

    def move(to: str) -> str:
        try:
            desk.move(DataRequest.objects.get(pk=request.pk), to, by="platform", at=clock.now())
        except desk.NotAllowed:
            return "refused"
        finally:
            connections.close_all()
        return to

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(move, [State.DELIVERED, State.WITHDRAWN]))

    assert answers.count("refused") == 1
    assert stored(request).state in answers


def test_each_step_is_evidence_without_the_identity() -> None:
    request = verified()

    with scope.workspace(PLATFORM):
        told = AuditEvent.objects.filter(details__request=str(request.pk)).order_by("id")
        actions = [event.action for event in told]
        details = [event.details for event in told]

    assert actions == ["user:data_request:received", "user:data_request:verifying", "user:data_request:verified"]
    assert all(set(one) == {"request", "kind"} for one in details)


def test_number_and_words_are_sealed() -> None:
    request = received(words="my house burnt down")

    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT identity, words FROM privacy_data_request WHERE id = %s", [request.pk])
        identity, words = (bytes(value) for value in cursor.fetchone())

    assert (stored(request).identity or "").encode() not in identity
    assert b"burnt" not in words


@pytest.mark.promise("transit-75", "transit-76")
@pytest.mark.parametrize("kind", [Kind.OPT_OUT_OF_SALE, Kind.LIMIT_SENSITIVE])
def test_what_never_happens_anyway_is_recorded_and_answered_at_once(kind: str) -> None:
    request = verified(kind)

    assert (stored(request).state, stored(request).reason) == (State.DELIVERED, "recorded")


@pytest.mark.promise("transit-85")
def test_a_request_is_put_off_once_with_a_reason_and_in_time() -> None:
    request, actor = verified(residence="DE"), uuid4()
    first = request.due_at

    with pytest.raises(desk.NoReason):
        desk.extend(request, reason=" ", actor=actor, at=clock.now())
    desk.extend(request, reason="Three systems have to be searched.", actor=actor, at=clock.now())
    with pytest.raises((desk.NotAllowed, desk.TooLate)):
        desk.extend(request, reason="Once more.", actor=actor, at=clock.now())

    assert stored(request).due_at == first + 60 * DAY
    assert stored(request).answer == "Three systems have to be searched."
    assert DataRequestStep.objects.filter(request=request, note="extended").count() == 1


def test_after_the_first_deadline_it_is_too_late_to_put_off() -> None:
    request = verified(residence="DE")

    with pytest.raises(desk.TooLate):
        desk.extend(request, reason="We forgot.", actor=uuid4(), at=request.due_at)


def test_where_the_law_gives_no_more_time_nothing_is_put_off() -> None:
    with pytest.raises(desk.TooLate):
        desk.extend(verified(residence="BR"), reason="Much to do.", actor=uuid4(), at=clock.now())


@pytest.mark.promise("transit-64")
def test_a_refusal_owes_its_law_and_its_reason() -> None:
    request, actor = verified(), uuid4()

    for code, reason in (("", "No."), ("gdpr_12_5", " ")):
        with pytest.raises(desk.NoReason):
            desk.refuse(request, code=code, reason=reason, actor=actor, at=clock.now())
    desk.refuse(request, code="gdpr_12_5", reason="The same was answered last week.", actor=actor, at=clock.now())

    assert (stored(request).state, stored(request).reason) == (State.REFUSED, "gdpr_12_5")


def test_people_see_their_own_requests_and_no_unproved_one_of_others() -> None:
    number = a_number()
    proved, forged = verified(identity=number), received(identity=number)
    desk.await_proof(forged, at=clock.now())
    other = verified()
    proof = proofs.begin(identity=number, about=About.RECIPIENT, locale="", at=clock.now())

    seen = set(desk.mine(proof=proof, user=None).values_list("pk", flat=True))

    assert seen == {proved.pk}
    assert other.pk not in seen
    assert not desk.mine(proof=None, user=None).exists()
