"""Many sessions at once on the same rows: what must happen once happens once, and nothing is lost."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import psycopg

from billing.models import Account, Transfer
from smsplatform.lib import clock, ids
from smsplatform.lib.database import conninfo
from smsplatform.lib.tenancy import scope
from tests.billing.conftest import Purse, new_ids

THREADS = 16
CHARGE = "SELECT ledger.charge_many(%s::uuid[], %s::uuid[], %s::bigint[], %s)"
REFUND = "SELECT ledger.refund_many(%s::uuid[], %s)"
TOP_UP = "SELECT ledger.top_up(%s, %s, %s, 'card', %s)"

Job = tuple[str, list[object]]


def together(jobs: list[Job]) -> list[object]:
    """Run every job in a session of some thread; a refused one answers its SQLSTATE."""

    def run(part: list[tuple[int, Job]]) -> list[tuple[int, object]]:
        with psycopg.connect(**conninfo("system"), autocommit=True) as connection:
            return [(number, _answer(connection, job)) for number, job in part]

    numbered = list(enumerate(jobs))
    with ThreadPoolExecutor(THREADS) as pool:
        parts = pool.map(run, [numbered[n::THREADS] for n in range(THREADS)])
    return [answer for _, answer in sorted((pair for part in parts for pair in part), key=lambda pair: pair[0])]


def _answer(connection: psycopg.Connection, job: Job) -> object:
    try:
        row = connection.execute(job[0], job[1]).fetchone()
    except psycopg.Error as error:
        return error.sqlstate
    return row[0] if row else None


def charge(items: list[tuple[UUID, int]]) -> Job:
    return CHARGE, [new_ids(len(items)), [wallet for wallet, _ in items], [amount for _, amount in items], clock.now()]


def test_a_drain_by_eighty_tasks_spends_exactly_what_was_there(purse: Callable[..., Purse]) -> None:
    own = purse(1000)
    jobs = [charge([(own.wallet, 1)] * (1 if n % 2 else 40)) for n in range(80)]

    answers = together(jobs)

    funded = sum(sum(answer) for answer in answers if isinstance(answer, list))
    assert funded == 1000
    assert own.posted == 0
    assert own.verify() == []


def test_sixty_four_duplicates_of_a_top_up_credit_once(purse: Callable[..., Purse]) -> None:
    own = purse(0)
    payment = ids.uuid7()

    answers = together([(TOP_UP, [payment, own.wallet, 7, clock.now()])] * 64)

    assert sorted(map(str, answers)) == ["23505"] * 63 + ["7"]
    assert own.posted == 7


def test_sixty_four_duplicates_of_a_charge_debit_once(purse: Callable[..., Purse]) -> None:
    own = purse(100)
    job = charge([(own.wallet, 3)])

    answers = together([job] * 64)

    assert answers.count([True]) == 1
    assert answers.count("23505") == 63
    assert own.posted == 97
    assert own.verify() == []


def test_sixteen_duplicate_batches_apply_once(purse: Callable[..., Purse]) -> None:
    own, other = purse(1000), purse(1000)
    job = charge([(own.wallet, 3), (other.wallet, 2)] * 50)

    answers = together([job] * 16)

    assert answers.count("23505") == 15
    assert (own.posted, other.posted) == (850, 900)


def test_sixty_four_refunds_of_the_same_messages_give_back_once(purse: Callable[..., Purse]) -> None:
    own, other = purse(100), purse(100)
    job = charge([(own.wallet, 10), (other.wallet, 20)] * 5)
    together([job])
    messages = list(job[1][0])  # type: ignore[call-overload]  # the ids of the charge

    answers = together([(REFUND, [random.sample(messages, 10), clock.now()]) for _ in range(64)])

    assert sum(int(str(answer)) for answer in answers) == 10
    assert (own.posted, other.posted) == (100, 100)
    assert own.verify() == other.verify() == []


def test_random_batches_over_many_wallets_deadlock_never_and_conserve_money(purse: Callable[..., Purse]) -> None:
    purses = [purse(500) for _ in range(8)]
    jobs: list[Job] = []
    for _ in range(200):
        job = charge([(random.choice(purses).wallet, random.randint(0, 9)) for _ in range(random.randint(1, 20))])
        jobs += [job, (REFUND, [random.sample(job[1][0], 1), clock.now()])]  # type: ignore[arg-type]  # ids of the charge

    answers = together(jobs)

    assert not [answer for answer in answers if isinstance(answer, str)]
    for own in purses:
        with scope.workspace(own.workspace):
            rows = list(Transfer.objects.filter(wallet_id=own.wallet))
            account = Account.objects.get(pk=own.wallet)
        assert account.posted == sum(row.signed_amount for row in rows) >= 0
        assert account.seq == len(rows)
        assert own.verify() == []
