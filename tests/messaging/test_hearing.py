"""A phone that says stop, in whatever words and form, to whom it may concern."""

from uuid import uuid4

import pytest

from messaging import hearing, operation, provisioning
from messaging.carriers.smpp.session import Delivery
from messaging.models import Suppression
from smsplatform.lib import clock
from smsplatform.lib.tenancy import scope
from tests.factories import messaging
from tests.factories.accounts import World, make_workspace
from tests.privacy.test_finding import number

CODE = "46401"
CARRIER = uuid4()


def shop() -> tuple[World, str]:
    """A workspace with a short code, and a number it texted."""
    world, to = make_workspace(), number()
    with scope.workspace(world.id):
        provisioning.register_sender(workspace=world.id, address=CODE, approved=True, by=None, at=clock.now())
    messaging.finish(world, messaging.accept(world, to=to))
    return world, to


def text(words: str, *, source: str, to: str = CODE, wide: bool = False) -> Delivery:
    payload = words.encode("utf-16-be" if wide else "ascii")
    return Delivery(
        token=1, receipt=None, source=source.removeprefix("+").encode(), destination=to.encode(), esm_class=0,
        data_coding=8 if wide else 0, payload=payload, tlvs={},
    )  # fmt: skip


def suppressed(world: World) -> int:
    with scope.workspace(world.id):
        return Suppression.objects.filter(workspace_id=world.id, source=Suppression.Source.KEYWORD).count()


@pytest.mark.parametrize(("words", "wide"), [("STOP", False), ("stop.", False), ("ARRÊT", True), (" Abmelden! ", True)])
def test_a_word_that_means_stop_suppresses_the_number(words: str, wide: bool) -> None:
    world, to = shop()

    assert hearing.hear([text(words, source=to, wide=wide)], carrier=CARRIER, at=clock.now()) == 1
    assert (
        hearing.hear([text(words, source=to, wide=wide)], carrier=CARRIER, at=clock.now()) == 1
    )  # the carrier told it again

    assert suppressed(world) == 1


def test_only_the_workspace_that_was_answered_stops() -> None:
    (asked, to), other = shop(), make_workspace()
    messaging.finish(other, messaging.accept(other, to=to))

    hearing.hear([text("stop", source=to)], carrier=CARRIER, at=clock.now())

    assert (suppressed(asked), suppressed(other)) == (1, 0)


@pytest.mark.parametrize(
    ("words", "to"), [("Please do not stop", CODE), ("stop", "99999"), ("", CODE), ("stop", "no number")]
)
def test_other_words_and_other_senders_change_nothing(words: str, to: str) -> None:
    world, source = shop()

    assert hearing.hear([text(words, source=source, to=to)], carrier=CARRIER, at=clock.now()) == 0
    assert suppressed(world) == 0


@pytest.mark.parametrize("source", ["ACME", "1", "+", "9" * 30])
def test_what_is_no_phone_is_not_heard(source: str) -> None:
    shop()

    assert hearing.hear([text("stop", source=source)], carrier=CARRIER, at=clock.now()) == 0


def test_texts_that_are_not_kept_are_counted_by_carrier_and_nothing_else_of_them_is() -> None:
    (_, to), carrier = shop(), uuid4()

    for words in ("Hello", "stop", "Thanks a lot"):
        hearing.hear([text(words, source=to)], carrier=carrier, at=clock.now())

    assert operation.unheard()[carrier] == 2
    assert operation.unheard(since=clock.now())[carrier] == 2
