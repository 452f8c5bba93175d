"""Money set aside: what was drawn is paid once, the rest is free again, and nobody can draw what is not there."""

import datetime as dt
import uuid
from collections.abc import Callable
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing import holding, ledger, upkeep
from billing.models import Hold, Transfer
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope
from tests.billing.conftest import Connect, Purse, new_ids
from tests.billing.test_ledger_concurrency import Job, together

Open = Callable[..., Purse]
HOUR = dt.timedelta(hours=1)
DRAW = "SELECT ledger.draw(%s, %s::bigint[], %s)"
CLOSE = "SELECT ledger.close_hold(%s, %s)"
TAKE = "SELECT ledger.take_hold(%s, %s, %s, %s, %s)"
STATES = "INSERT INTO ledger.hold (id, workspace_id, wallet_id, amount, used, state, taken_at, expires_at, ended_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"  # noqa: E501  # one statement


def test_what_is_held_cannot_be_spent_and_what_was_not_drawn_is_free_again(purse: Open) -> None:
    own = purse(100)
    hold = own.hold(60)

    assert (own.posted, own.available) == (100, 40)
    assert own.charge(41, 40) == [False, True]
    assert ledger.draw(hold=hold, amounts=[50, 11, 10, 0], at=own.at) == [True, False, True, True]
    assert [row.used for row in ledger.open_holds(workspace=own.workspace)] == [60]
    assert own.posted == 60

    assert ledger.close_hold(id=hold, at=own.at) == 0
    assert (own.posted, own.available) == (0, 0)
    assert own.verify() == []


def test_closing_posts_one_transfer_and_frees_the_rest_once(purse: Open) -> None:
    own = purse(100)
    hold = own.hold(60)
    ledger.draw(hold=hold, amounts=[7, 8], at=own.at)

    assert [ledger.close_hold(id=hold, at=own.at) for _ in range(3)] == [45, 0, 0]

    with scope.workspace(own.workspace):
        moved = Transfer.objects.filter(wallet_id=own.wallet, kind=Transfer.Kind.DRAWN).values_list("id", "amount")
        assert list(moved) == [(hold, 15)]
    assert own.available == 85
    assert own.verify() == []


def test_a_hold_that_nothing_was_drawn_from_leaves_no_transfer(purse: Open) -> None:
    own = purse(10)

    assert ledger.close_hold(id=own.hold(10), at=own.at) == 10

    assert own.available == 10
    assert own.verify() == []


def test_a_hold_whose_time_is_over_pays_nothing_and_ends_by_itself(purse: Open) -> None:
    own = purse(100)
    hold = own.hold(60, hours=1)
    ledger.draw(hold=hold, amounts=[20], at=own.at)

    with pytest.raises(ledger.HoldOver):
        ledger.draw(hold=hold, amounts=[1], at=own.at + HOUR)
    assert ledger.expire_holds(at=own.at + HOUR) >= 1

    with scope.workspace(own.workspace):
        assert Hold.objects.get(pk=hold).state == Hold.State.EXPIRED
    assert (own.posted, own.available) == (80, 80)
    with pytest.raises(ledger.HoldOver):
        ledger.draw(hold=hold, amounts=[1], at=own.at)
    assert own.verify() == []


def test_the_sweep_leaves_holds_alone_that_still_run(purse: Open) -> None:
    own = purse(5)
    own.hold(5)

    holding.sweep.run()

    assert len(ledger.open_holds(workspace=own.workspace)) == 1


@pytest.mark.parametrize(("amount", "hours"), [(0, 1), (-1, 1), (1, 0), (1, -1)])
def test_a_hold_has_an_amount_and_a_time(purse: Open, amount: int, hours: int) -> None:
    own = purse(10)

    with pytest.raises(ledger.LedgerError):
        own.hold(amount, hours=hours)


def test_nothing_is_held_that_is_not_there_of_a_frozen_wallet_or_of_none(purse: Open) -> None:
    own = purse(10)
    hold = own.hold(4)

    with pytest.raises(ledger.InsufficientBalance):
        own.hold(7)
    with pytest.raises(ledger.DuplicateTransfer):
        ledger.take_hold(id=hold, wallet=own.wallet, amount=1, until=own.at + HOUR, at=own.at)
    ledger.freeze(wallet=own.wallet, frozen=True)
    with pytest.raises(ledger.WalletFrozen):
        own.hold(1)
    with pytest.raises(ledger.WalletFrozen):
        ledger.draw(hold=hold, amounts=[1], at=own.at)
    for call in (
        lambda: ledger.take_hold(id=ids.uuid7(), wallet=uuid.uuid4(), amount=1, until=own.at + HOUR, at=own.at),
        lambda: ledger.draw(hold=uuid.uuid4(), amounts=[1], at=own.at),
        lambda: ledger.close_hold(id=uuid.uuid4(), at=own.at),
    ):
        with pytest.raises(ledger.UnknownWallet):
            call()
    assert (own.posted, own.available) == (10, 6)
    assert own.verify() == []


@pytest.mark.parametrize("amounts", [[-1], [1, -1], [2**62, 2**62, 2**62]])
def test_a_hold_refuses_what_is_no_amount_and_wraps_around_nothing(purse: Open, amounts: list[int]) -> None:
    own = purse(2**62)
    hold = own.hold(2**62)

    if min(amounts) < 0:
        with pytest.raises(ledger.LedgerError):
            ledger.draw(hold=hold, amounts=amounts, at=own.at)
    else:
        assert ledger.draw(hold=hold, amounts=amounts, at=own.at) == [True, False, False]


# Many at once


def test_a_drain_of_one_hold_by_eighty_tasks_draws_exactly_what_it_has(purse: Open) -> None:
    own = purse(1000)
    hold = own.hold(700)

    answers = together([(DRAW, [hold, [1] * (1 if n % 2 else 40), clock.now()]) for n in range(80)])

    assert sum(sum(answer) for answer in answers if isinstance(answer, list)) == 700
    assert ledger.close_hold(id=hold, at=own.at) == 0
    assert own.posted == 300
    assert own.verify() == []


def test_sixty_four_who_close_the_same_hold_free_its_rest_once(purse: Open) -> None:
    own = purse(100)
    hold = own.hold(60)
    ledger.draw(hold=hold, amounts=[13], at=own.at)

    answers = together([(CLOSE, [hold, clock.now()])] * 64)

    assert sorted(map(str, answers)) == ["0"] * 63 + ["47"]
    assert (own.posted, own.available) == (87, 87)


def test_holds_and_charges_that_race_for_one_wallet_never_take_it_below_its_floor(purse: Open) -> None:
    own = purse(100)
    until = clock.now() + HOUR
    jobs: list[Job] = [(TAKE, [ids.uuid7(), own.wallet, 9, until, clock.now()]) for _ in range(30)]
    for _ in range(30):
        charged = [new_ids(1), [own.wallet], [7], clock.now()]
        jobs.append(("SELECT ledger.charge_many(%s::uuid[], %s::uuid[], %s::bigint[], %s)", charged))

    answers = together(jobs)

    held = 9 * sum(isinstance(answer, int) for answer in answers)
    paid = 7 * sum(answer == [True] for answer in answers)
    assert own.available == 100 - held - paid < 9
    assert {answer for answer in answers if isinstance(answer, str)} <= {"23514"}
    assert own.verify() == []


def test_taking_drawing_closing_and_expiring_at_once_deadlock_never(purse: Open) -> None:
    purses = [purse(500) for _ in range(4)]
    holds = [own.hold(100) for own in purses for _ in range(3)]
    jobs: list[Job] = []
    for number in range(120):
        hold = holds[number % len(holds)]
        charged = [new_ids(4), [own.wallet for own in purses], [1] * 4, clock.now()]
        jobs += [
            (DRAW, [hold, [3, 2], clock.now()]),
            ("SELECT ledger.charge_many(%s::uuid[], %s::uuid[], %s::bigint[], %s)", charged),
        ]
        if number % 10 == 9:
            jobs += [(CLOSE, [hold, clock.now()]), ("SELECT ledger.expire_holds(%s, 5)", [clock.now() + 2 * HOUR])]

    answers = together(jobs)

    assert {answer for answer in answers if isinstance(answer, str)} <= {"SP012"}
    for own in purses:
        assert own.verify() == []


# The database itself


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": 0}, {"used": -1}, {"used": 11}, {"state": "gone"}, {"state": "closed"}, {"ended": clock.now()},
        {"expires": dt.datetime(2020, 1, 1, tzinfo=dt.UTC)},
    ],
)  # fmt: skip
def test_the_table_takes_no_hold_that_makes_no_sense(connect: Connect, purse: Open, wrong: dict[str, object]) -> None:
    own = purse(0)
    row = {
        "id": ids.uuid7(), "workspace": own.workspace, "wallet": own.wallet, "amount": 10, "used": 0, "state": "open",
        "taken": own.at, "expires": own.at + HOUR, "ended": None, **wrong,
    }  # fmt: skip
    connection = connect("owner", autocommit=False)
    connection.execute("SET LOCAL ROLE sp_definer")

    with pytest.raises(psycopg.errors.CheckViolation):
        connection.execute(STATES, list(row.values()))


def test_a_hold_keeps_its_amount_and_once_it_has_ended_everything(connect: Connect, purse: Open) -> None:
    own = purse(20)
    running, ended = own.hold(5), own.hold(5)
    ledger.close_hold(id=ended, at=own.at)
    connection = connect("owner", autocommit=False)

    for change, hold in (
        ("UPDATE {} SET amount = 1", running), ("UPDATE {} SET expires_at = now()", running),
        ("UPDATE {} SET used = 1", ended), ("UPDATE {} SET state = 'open', ended_at = NULL", ended),
        ("DELETE FROM {}", running), ("DELETE FROM {}", ended),
    ):  # fmt: skip
        connection.execute("ALTER TABLE ledger.hold NO FORCE ROW LEVEL SECURITY")
        with pytest.raises(psycopg.Error) as caught:
            connection.execute(change.format("ledger.hold") + f" WHERE id = '{hold}'")
        connection.rollback()
        assert caught.value.sqlstate == "SP010", change


def test_holds_stay_with_the_books_whatever_the_clock_says(purse: Open) -> None:
    own = purse(5)
    ledger.close_hold(id=own.hold(5), at=own.at)

    upkeep.drop_holds(at=clock.now() + dt.timedelta(days=365 * 20))

    with scope.workspace(own.workspace):
        assert Hold.objects.count() == 1


@pytest.mark.parametrize(
    "call",
    [
        "take_hold(gen_random_uuid(), gen_random_uuid(), 1, now(), now())",
        "draw(gen_random_uuid(), '{1}', now())",
        "close_hold(gen_random_uuid(), now())",
        "expire_holds(now(), 1)",
        "within_caps('{}', '{}', '{}', '{}', current_date)",
        "spend_caps('{}', '{}', current_date)",
        "drop_caps(current_date)",
        "drop_holds(now())",
    ],
)
def test_the_web_role_neither_holds_nor_draws(connect: Connect, call: str) -> None:
    with pytest.raises(psycopg.Error) as caught:
        connect("default").execute(f"SELECT ledger.{call}")

    assert caught.value.sqlstate == "42501"


def test_a_workspace_sees_its_own_holds(purse: Open) -> None:
    own, other = purse(5), purse(5)
    mine, _ = own.hold(5), other.hold(5)

    with scope.workspace(own.workspace):
        assert list(Hold.objects.values_list("pk", flat=True)) == [mine]


# Any story


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("take"), st.integers(1, 40)),
        st.tuples(st.just("draw"), st.integers(0, 20)),
        st.tuples(st.just("close"), st.integers(0, 5)),
        st.tuples(st.just("charge"), st.integers(0, 30)),
        st.tuples(st.just("refund"), st.integers(1, 30)),
        st.tuples(st.just("top up"), st.integers(1, 30)),
    ),
    max_size=25,
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(start=st.integers(0, 80), steps=STEPS)
def test_whatever_happens_the_books_sum_to_zero_and_no_wallet_goes_below_its_floor(
    purse: Open, start: int, steps: list[tuple[str, int]]
) -> None:
    story = Story(purse(start), start)

    for step, number in steps:
        story.play(step, number)
        assert (story.own.posted, story.own.available) == (story.posted, story.available)
        assert story.available >= 0

    assert story.own.verify() == []
    with scope.workspace(story.own.workspace):
        rows = list(Transfer.objects.filter(wallet_id=story.own.wallet))
    sides = [(row.debit_id, -row.amount) for row in rows] + [(row.credit_id, row.amount) for row in rows]
    assert sum(amount for _, amount in sides) == 0
    assert sum(amount for account, amount in sides if account == story.own.wallet) == story.posted


class Story:
    """A wallet, and beside it what plain arithmetic says it must hold."""

    def __init__(self, own: Purse, start: int) -> None:
        self.own, self.posted = own, start
        self.holds: dict[UUID, list[int]] = {}  # amount and used
        self.charges: dict[UUID, int] = {}

    @property
    def available(self) -> int:
        return self.posted - sum(amount for amount, _ in self.holds.values())

    def play(self, step: str, number: int) -> None:
        getattr(self, step.replace(" ", "_"))(number)

    def take(self, amount: int) -> None:
        if amount > self.available:
            with pytest.raises(ledger.InsufficientBalance):
                self.own.hold(amount)
        else:
            self.holds[self.own.hold(amount)] = [amount, 0]

    def draw(self, amount: int) -> None:
        for hold, (whole, used) in list(self.holds.items())[:1]:
            paid = amount <= whole - used
            assert ledger.draw(hold=hold, amounts=[amount], at=self.own.at) == [paid]
            self.holds[hold][1] += amount if paid else 0

    def close(self, number: int) -> None:
        for hold in list(self.holds)[number : number + 1]:
            whole, used = self.holds.pop(hold)
            assert ledger.close_hold(id=hold, at=self.own.at) == whole - used
            self.posted -= used

    def charge(self, amount: int) -> None:
        message = ids.uuid7()
        paid = amount <= self.available
        assert ledger.charge(ids=[message], wallets=[self.own.wallet], amounts=[amount], at=self.own.at) == [paid]
        if paid:
            self.posted -= amount
            self.charges[message] = amount

    def refund(self, amount: int) -> None:
        for message, paid in [pair for pair in self.charges.items() if pair[1]][:1]:
            back = min(amount, paid)
            assert ledger.refund(ids=[message], at=self.own.at, amounts=[back]) == 1
            assert ledger.refund(ids=[message], at=self.own.at) == 0
            self.posted += back
            del self.charges[message]

    def top_up(self, amount: int) -> None:
        source = ledger.Source.CARD
        ledger.top_up(id=ids.uuid7(), wallet=self.own.wallet, amount=amount, source=source, at=self.own.at)
        self.posted += amount
