import datetime as dt

from messaging.carriers.smpp.inbound import PartOf, Short
from messaging.sandbox import handsets
from messaging.sandbox.handsets import Handsets

AT = dt.datetime(2026, 11, 21, 9, 30, tzinfo=dt.UTC)


def ring(
    phones: Handsets, text: str, to: str = "15005551234", part: PartOf | None = None, at: dt.datetime = AT
) -> None:
    phones.receive(source="Acme", destination=to, short=Short(text, part), message_id=text, at=at)


def test_parts_are_put_together_in_whatever_order_they_come() -> None:
    phones = Handsets()
    for number, text in ((3, "c"), (1, "a"), (1, "a"), (2, "b")):
        assert phones.messages("15005551234", AT) == []
        ring(phones, text, part=PartOf(7, 3, number))

    [message] = phones.messages("+15005551234", AT)

    assert (message.text, message.parts, message.ids) == ("abc", 3, ("a", "b", "c"))


def test_parts_of_two_messages_are_kept_apart() -> None:
    phones = Handsets()
    for reference in (1, 2):
        ring(phones, f"{reference}a", part=PartOf(reference, 2, 1))
    for reference in (2, 1):
        ring(phones, f"{reference}b", part=PartOf(reference, 2, 2))

    assert [message.text for message in phones.messages("15005551234", AT)] == ["1a1b", "2a2b"]


def test_a_phone_forgets_after_an_hour() -> None:
    phones = Handsets()
    ring(phones, "old")
    ring(phones, "unfinished", part=PartOf(1, 2, 1))
    later = AT + handsets.KEPT

    assert phones.messages("15005551234", later) == []
    assert phones.numbers(later) == []
    phones.forget_old(later)
    ring(phones, "rest", part=PartOf(1, 2, 2), at=later)
    assert phones.messages("15005551234", later) == []


def test_memory_is_bounded() -> None:
    phones = Handsets()
    for n in range(handsets.NUMBERS_MAX + 50):
        ring(phones, "x", to=str(n))
    for n in range(handsets.MESSAGES_MAX + 5):
        ring(phones, str(n), to="7777")
    for n in range(handsets.UNFINISHED_MAX + 50):
        ring(phones, "x", to=str(n), part=PartOf(1, 2, 1))

    assert len(phones.numbers(AT)) == handsets.NUMBERS_MAX
    texts = [message.text for message in phones.messages("7777", AT)]
    assert (len(texts), texts[0]) == (handsets.MESSAGES_MAX, str(handsets.MESSAGES_MAX + 4))
    assert len(phones._unfinished) == handsets.UNFINISHED_MAX


def test_the_newest_phone_is_shown_first() -> None:
    phones = Handsets()
    for number in ("1", "2", "1"):
        ring(phones, "x", to=number)

    assert [(phone["number"], phone["messages"]) for phone in phones.numbers(AT)] == [("1", 2), ("2", 1)]
