from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsplatform.lib import money

amounts = st.integers(-(10**17), 10**17)


@given(amounts)
def test_every_amount_survives_its_decimal_text(micro: int) -> None:
    text = money.to_decimal_string(micro)

    assert money.parse(text) == micro
    assert Decimal(text) * money.MICRO == micro


@given(amounts, st.sampled_from(["EUR", "USD", "JPY", "KWD"]))
def test_rounding_to_the_smallest_coin_agrees_with_decimal_half_up(micro: int, currency: str) -> None:
    coin = Decimal(1).scaleb(-money.places_of(currency))

    rounded = (Decimal(micro) / money.MICRO).quantize(coin, ROUND_HALF_UP)

    assert money.round_to_coin(micro, currency) == rounded * money.MICRO


@pytest.mark.parametrize(
    ("micro", "text"),
    [
        (0, "0.00"),
        (1, "0.000001"),
        (71_000, "0.071"),
        (12_500_000, "12.50"),
        (-500_000, "-0.50"),
        (10**12, "1000000.00"),
    ],
)
def test_decimal_text_has_at_least_two_places_and_no_needless_zeros(micro: int, text: str) -> None:
    assert money.to_decimal_string(micro) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        ".",
        "1.",
        ".5",
        "1,5",
        "1e3",
        "+1",
        " 1",
        "1 ",
        "0x10",
        "NaN",
        "Infinity",
        "1.0000001",
        "9" * 13,
        "١",
        "1_0",
    ],
)
def test_anything_but_a_plain_decimal_is_refused(text: str) -> None:
    with pytest.raises(money.InvalidAmount):
        money.parse(text)


@pytest.mark.parametrize(
    ("micro", "currency", "locale", "rounded", "shown"),
    [
        (71_000, "EUR", "en", False, "€ 0.071"),
        (71_000, "EUR", "de", False, "0,071 €"),
        (75_000, "EUR", "en", True, "€ 0.08"),
        (74_999, "EUR", "en", True, "€ 0.07"),
        (1_234_567_890_000, "USD", "en-gb", False, "$ 1,234,567.89"),
        (1_234_567_890_000, "EUR", "de-at", False, "1.234.567,89 €"),
        (-5_000_000, "GBP", "en", False, "\u2212£ 5.00"),
        (1_500_000, "CHF", "fr", False, "CHF 1.50"),
        (1_500_000, "JPY", "en", True, "¥ 2"),
        (-4_000, "EUR", "en", True, "€ 0.00"),
    ],
)
def test_people_see_symbol_grouping_and_places_of_their_language(
    micro: int, currency: str, locale: str, rounded: bool, shown: str
) -> None:
    assert money.format_micro(micro, currency, locale=locale, rounded=rounded) == shown.replace(" ", "\u00a0")
