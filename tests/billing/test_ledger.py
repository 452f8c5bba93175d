import uuid
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing import ledger
from billing.models import Account, Transfer
from billing.models.read_only import ReadOnlyRow
from smsplatform.lib import ids
from smsplatform.lib.tenancy import scope
from tests.billing.conftest import Purse, new_ids

Open = Callable[..., Purse]


def test_opening_a_wallet_twice_gives_the_same_one(purse: Open) -> None:
    own = purse(0)

    again = ledger.open_wallet(workspace=own.workspace, currency="EUR", livemode=True)

    assert again == own.wallet == ledger.wallet_id(workspace=own.workspace, currency="EUR", livemode=True)


def test_modes_and_currencies_have_wallets_of_their_own(purse: Open) -> None:
    own = purse(0)

    others = {
        ledger.open_wallet(workspace=own.workspace, currency="EUR", livemode=False),
        ledger.open_wallet(workspace=own.workspace, currency="USD", livemode=True),
    }

    assert len(others | {own.wallet}) == 3


def test_a_wallet_that_was_never_opened_holds_nothing() -> None:
    balance = ledger.balance(workspace=uuid.uuid4(), currency="EUR", livemode=True)

    assert balance == ledger.Balance(posted=0, held=0, available=0, currency="EUR")


def test_charges_follow_the_order_and_skip_what_cannot_be_paid(purse: Open) -> None:
    own = purse(1000)

    paid = own.charge(700, 400, 0, 300, 1)

    assert paid == [True, False, True, True, False]
    assert own.posted == 0
    assert own.verify() == []


def test_one_empty_wallet_does_not_stop_the_batch(purse: Open) -> None:
    rich, poor = purse(100), purse(5)

    paid = ledger.charge(
        ids=new_ids(4),
        wallets=[poor.wallet, rich.wallet, poor.wallet, rich.wallet],
        amounts=[4, 50, 4, 50],
        at=rich.at,
    )

    assert paid == [True, True, False, True]
    assert (rich.posted, poor.posted) == (0, 1)


def test_nothing_to_charge_succeeds(purse: Open) -> None:
    own = purse(0)

    assert ledger.charge(ids=[], wallets=[], amounts=[], at=own.at) == []
    assert own.charge(0, 0) == [True, True]


def test_a_frozen_wallet_pays_nothing_but_takes_money(purse: Open) -> None:
    own = purse(100)
    earlier = new_ids(1)
    ledger.charge(ids=earlier, wallets=[own.wallet], amounts=[10], at=own.at)

    ledger.freeze(wallet=own.wallet, frozen=True)

    assert own.charge(1, 0) == [False, True]
    with pytest.raises(ledger.WalletFrozen):
        ledger.adjust(id=ids.uuid7(), wallet=own.wallet, amount=-1, reason="test", by=uuid.uuid4(), at=own.at)
    assert ledger.refund(ids=earlier, at=own.at) == 1
    assert own.posted == 100
    ledger.freeze(wallet=own.wallet, frozen=False)
    assert own.charge(100) == [True]


@pytest.mark.promise("transit-33", "api-13")
def test_the_same_message_is_charged_once_even_within_a_batch(purse: Open) -> None:
    own = purse(100)
    message = ids.uuid7()

    with pytest.raises(ledger.DuplicateTransfer):
        ledger.charge(ids=[message, message], wallets=[own.wallet] * 2, amounts=[1, 1], at=own.at)

    ledger.charge(ids=[message], wallets=[own.wallet], amounts=[1], at=own.at)
    with pytest.raises(ledger.DuplicateTransfer):
        ledger.charge(ids=[*new_ids(1), message], wallets=[own.wallet] * 2, amounts=[1, 2], at=own.at)
    assert own.posted == 99


def test_refunds_give_back_once_what_was_charged(purse: Open) -> None:
    own, other = purse(100), purse(100)
    messages = new_ids(4)
    ledger.charge(ids=messages[:3], wallets=[own.wallet, other.wallet, own.wallet], amounts=[30, 20, 10], at=own.at)

    first = ledger.refund(ids=[messages[2], *messages, messages[0]], at=own.at)
    second = ledger.refund(ids=messages, at=own.at)

    assert (first, second) == (3, 0)
    assert (own.posted, other.posted) == (100, 100)
    assert own.verify() == other.verify() == []


def test_refunding_nothing_is_nothing(purse: Open) -> None:
    assert ledger.refund(ids=[], at=purse(0).at) == 0


def test_the_same_payment_is_credited_once_whatever_amount_it_claims(purse: Open) -> None:
    own = purse(0)
    payment = ids.uuid7()
    ledger.top_up(id=payment, wallet=own.wallet, amount=5, source=ledger.Source.CARD, at=own.at)

    for amount in (5, 6):
        with pytest.raises(ledger.DuplicateTransfer):
            ledger.top_up(id=payment, wallet=own.wallet, amount=amount, source=ledger.Source.CARD, at=own.at)

    assert own.posted == 5


def test_test_money_never_reaches_a_live_wallet(purse: Open) -> None:
    live, test = purse(0), purse(0, livemode=False)

    for wallet, source in ((live, ledger.Source.TEST_FUNDS), (test, ledger.Source.CARD)):
        with pytest.raises(ledger.LedgerError):
            ledger.top_up(id=ids.uuid7(), wallet=wallet.wallet, amount=5, source=source, at=live.at)


@pytest.mark.parametrize("amount", [0, -1])
def test_a_top_up_is_above_zero(purse: Open, amount: int) -> None:
    own = purse(0)

    with pytest.raises(ledger.LedgerError):
        ledger.top_up(id=ids.uuid7(), wallet=own.wallet, amount=amount, source=ledger.Source.CARD, at=own.at)


def test_a_correction_stops_at_zero(purse: Open) -> None:
    own = purse(10)

    with pytest.raises(ledger.InsufficientBalance):
        ledger.adjust(id=ids.uuid7(), wallet=own.wallet, amount=-11, reason="fraud", by=uuid.uuid4(), at=own.at)
    left = ledger.adjust(id=ids.uuid7(), wallet=own.wallet, amount=-10, reason="fraud", by=uuid.uuid4(), at=own.at)

    assert left == own.posted == 0


def test_unknown_wallets_are_told_apart_from_empty_ones(purse: Open) -> None:
    own = purse(0)

    with pytest.raises(ledger.UnknownWallet):
        ledger.charge(ids=new_ids(1), wallets=[uuid.uuid4()], amounts=[1], at=own.at)
    with pytest.raises(ledger.UnknownWallet):
        ledger.top_up(id=ids.uuid7(), wallet=uuid.uuid4(), amount=1, source=ledger.Source.CARD, at=own.at)
    with pytest.raises(ledger.UnknownWallet):
        ledger.freeze(wallet=uuid.uuid4(), frozen=True)


@pytest.mark.parametrize("amounts", [[-1], [5, -1]])
def test_negative_charges_are_refused(purse: Open, amounts: list[int]) -> None:
    own = purse(100)

    with pytest.raises(ledger.LedgerError):
        own.charge(*amounts)

    assert own.posted == 100


def test_sums_beyond_sixty_four_bits_are_refused_and_not_wrapped(purse: Open) -> None:
    own = purse(2**62)

    with pytest.raises(ledger.LedgerError):
        own.charge(2**62, 2**62, 2**62)

    assert own.posted == 2**62


def test_a_micro_unit_is_not_lost_beside_a_large_balance(purse: Open) -> None:
    own = purse(2**62)

    assert own.charge(*[1] * 500) == [True] * 500

    assert own.posted == 2**62 - 500


def test_rows_of_the_ledger_are_read_only_in_the_orm(purse: Open) -> None:
    own = purse(1)

    with scope.workspace(own.workspace):
        account, transfer = Account.objects.get(pk=own.wallet), Transfer.objects.get(wallet_id=own.wallet)
        for write in (account.save, account.delete, transfer.save, transfer.delete):
            with pytest.raises(ReadOnlyRow):
                write()
        with pytest.raises(ReadOnlyRow):
            Account.objects.filter(pk=own.wallet).update(posted=10)
        with pytest.raises(ReadOnlyRow):
            Transfer.objects.all().delete()
    assert transfer.signed_amount == 1


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    start=st.integers(0, 60),
    batches=st.lists(st.lists(st.tuples(st.sampled_from([0, 1]), st.integers(0, 25)), max_size=8), max_size=5),
    refunds=st.sets(st.integers(0, 30)),
)
def test_batches_do_what_one_by_one_would_have_done(
    purse: Open, start: int, batches: list[list[tuple[int, int]]], refunds: set[int]
) -> None:
    purses = [purse(start), purse(start // 2)]
    expected = [start, start // 2]
    charged = []

    for batch in batches:
        messages = new_ids(len(batch))
        answers = ledger.charge(
            ids=messages, wallets=[purses[n].wallet for n, _ in batch], amounts=[a for _, a in batch], at=purses[0].at
        )
        for message, (n, amount), answer in zip(messages, batch, answers, strict=True):
            assert answer == (amount <= expected[n])
            if answer:
                expected[n] -= amount
                charged.append((message, n, amount))
    chosen = [charge for index, charge in enumerate(charged) if index in refunds]
    given_back = ledger.refund(ids=[message for message, _, _ in chosen], at=purses[0].at)

    assert given_back == sum(amount > 0 for _, _, amount in chosen)
    for n, own in enumerate(purses):
        assert own.posted == expected[n] + sum(amount for _, m, amount in chosen if m == n)
        assert own.verify() == []
