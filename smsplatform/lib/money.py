"""Amounts of money: whole micro-units (a millionth of the currency) inside, decimal text outside, never a float.

A text costs fractions of a cent, so prices are exact to six places, and only what a person pays at once (an invoice,
a top-up) is rounded to cents: half up, away from zero, as commercial law has it.
"""

import re

MICRO = 1_000_000

_DECIMAL = re.compile(r"(-?)([0-9]{1,12})(?:\.([0-9]{1,6}))?", re.ASCII)
# Symbols that everybody reads; other currencies are shown by their code.
_SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥"}
# ISO 4217: decimal places where they are not two.
_PLACES = {"JPY": 0, "KRW": 0, "ISK": 0, "VND": 0, "CLP": 0, "BHD": 3, "JOD": 3, "KWD": 3, "OMR": 3, "TND": 3}
_SPACE = "\u00a0"  # an amount does not break over two lines


class InvalidAmount(ValueError):
    """An amount is written with digits, at most one point, and at most six places after it."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


def parse(text: str) -> int:
    """``"12.5"`` → 12500000 micro-units; raises ``InvalidAmount`` for anything but plain decimals."""
    match = _DECIMAL.fullmatch(text)
    if match is None:
        raise InvalidAmount
    sign, whole, fraction = match.groups()
    micro = int(whole) * MICRO + int((fraction or "").ljust(6, "0"))
    return -micro if sign else micro


def to_decimal_string(micro: int, *, places_min: int = 2) -> str:
    """71000 → ``"0.071"``, 12500000 → ``"12.50"``: exact, for the API; at least ``places_min`` places."""
    whole, fraction = divmod(abs(micro), MICRO)
    digits = f"{fraction:06d}".rstrip("0").ljust(places_min, "0")
    return f"{'-' if micro < 0 else ''}{whole}{'.' if digits else ''}{digits}"


def places_of(currency: str) -> int:
    """Decimal places of the smallest coin."""
    return _PLACES.get(currency, 2)


def round_to_coin(micro: int, currency: str) -> int:
    """``micro`` rounded half up (away from zero) to the smallest coin of ``currency``, still in micro-units."""
    coin: int = 10 ** (6 - places_of(currency))
    rounded = (abs(micro) + coin // 2) // coin * coin
    return -rounded if micro < 0 else rounded


def format_micro(micro: int, currency: str, *, locale: str = "en", rounded: bool = False) -> str:
    """For people: ``€ 0.071`` in English, ``0,071 €`` in German; thousands grouped, no break inside.

    Exact unless ``rounded`` to the smallest coin. Unknown locales are shown as English.
    """
    if rounded:
        micro = round_to_coin(micro, currency)
    text = to_decimal_string(abs(micro), places_min=places_of(currency))
    whole, _, fraction = text.partition(".")
    german = locale.lower().startswith("de")
    group, point = (".", ",") if german else (",", ".")
    number = f"{int(whole):,}".replace(",", group) + (point + fraction if fraction else "")
    sign = "\u2212" if micro < 0 else ""  # the minus sign proper
    symbol = _SYMBOLS.get(currency, currency)
    return f"{sign}{number}{_SPACE}{symbol}" if german else f"{sign}{symbol}{_SPACE}{number}"
