import random
from collections.abc import Iterator

import phonenumbers
import pytest
from phonenumbers import NumberParseException, PhoneNumberFormat

from smsplatform.lib import phone

TYPES = range(11)  # PhoneNumberType.FIXED_LINE to VOICEMAIL
NOWHERE = (800, 808, 870, 878, 881, 882, 883, 888, 979)


def examples() -> Iterator[tuple[str, str, int]]:
    """(E.164, region, type) of every region and kind in the metadata."""
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in TYPES:
            number = phonenumbers.example_number_for_type(region, kind)
            if number is not None:
                yield phonenumbers.format_number(number, PhoneNumberFormat.E164), region, kind


def mutated(number: str, dice: random.Random) -> str:
    digits = list(number)
    for _ in range(dice.choice([1, 1, 2, 4])):
        digits[dice.randrange(1, len(digits))] = dice.choice("0123456789")
    match dice.randrange(20):
        case 0:
            digits.append(dice.choice("0123456789"))
        case 1:
            digits.pop()
        case 2:
            digits.insert(dice.randrange(1, 5), dice.choice("0123456789"))
    return "".join(digits)


def according_to_the_library(text: str) -> tuple[str, str | None] | None:
    try:
        number = phonenumbers.parse(text)
    except NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, PhoneNumberFormat.E164), phonenumbers.region_code_for_number(number)


def test_the_compiled_plans_never_accept_what_the_library_refuses_nor_differ_from_it() -> None:
    dice = random.Random(20260301)
    texts = [text for text, _, _ in examples()] + [mutated(text, dice) for text, _, _ in examples() for _ in range(25)]
    fast = {text: phone._fast(text) for text in texts}

    accepted = {text: number for text, number in fast.items() if number is not None}

    assert len(accepted) > 8_000
    for text, number in accepted.items():
        assert according_to_the_library(text) == (number.e164, number.region)
        assert number == phone._slow(text, sandbox=False)


def test_nearly_all_valid_mobile_numbers_take_the_fast_way() -> None:
    mobiles = [text for text, _, kind in examples() if kind == phonenumbers.PhoneNumberType.MOBILE]

    slow = [text for text in mobiles if phone._fast(text) is None]

    assert len(mobiles) > 200
    assert len(slow) <= 0.05 * len(mobiles)


@pytest.mark.promise("transit-17")
@pytest.mark.parametrize(
    "text",
    [
        "+31612345678",
        "+31 6 12345678",
        "+31 (6) 1234-5678",
        "+31.6.12.34.56.78",
        " +31612345678\n",
        "+31(0)612345678",
        "+31\u00a06\u201112345678",
    ],
)
def test_spellings_of_one_number_are_one_number(text: str) -> None:
    assert phone.parse(text) == phone.Number("+31612345678", "NL", "mobile")


@pytest.mark.parametrize(
    ("text", "region", "kind"),
    [
        ("+14155552671", "US", "fixed_or_mobile"),
        ("+16135550123", "CA", "fixed_or_mobile"),
        ("+18765230123", "JM", "fixed_or_mobile"),
        ("+393123456789", "IT", "mobile"),
        ("+390612345678", "IT", "fixed"),
        ("+390669812345", "VA", "fixed"),
        ("+77710009998", "KZ", "mobile"),
        ("+79123456789", "RU", "mobile"),
        ("+447400123456", "GB", "mobile"),
        ("+447781123456", "GG", "mobile"),
        ("+18002345678", "US", "toll_free"),
        ("+31851234567", "NL", "voip"),
        ("+447012345678", "GB", "personal"),
    ],
)
def test_region_and_kind_follow_the_number_plan(text: str, region: str, kind: str) -> None:
    number = phone.parse(text)

    assert (number.e164, number.region, number.kind) == (text, region, kind)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "not_e164"),
        ("0612345678", "not_e164"),
        ("0031612345678", "not_e164"),
        ("31612345678", "not_e164"),
        ("+", "not_e164"),
        ("+1800FLOWERS", "not_e164"),
        ("+31612345678;ext=5", "not_e164"),
        ("+31612345678 x5", "not_e164"),
        ("tel:+31612345678", "not_e164"),
        ("+٣١٦١٢٣٤٥٦٧٨", "not_e164"),
        ("+31612345678\x00", "not_e164"),
        ("+31612345678,+31612345679", "not_e164"),
        ("+9991234567", "unknown_country"),
        ("+2101234567", "unknown_country"),
        ("+316123", "too_short"),
        ("+1", "too_short"),
        ("+3161234567890123", "too_long"),
        ("+" + "1" * 5_000, "too_long"),
        ("+11111111111", "not_valid"),
        ("+447700900123", "not_valid"),
    ],
)
def test_a_refused_number_says_which_rule_it_breaks(text: str, code: str) -> None:
    with pytest.raises(phone.InvalidNumber) as caught:
        phone.parse(text)

    assert caught.value.code == code
    assert str(caught.value) == code


def test_every_premium_shared_cost_and_company_number_of_every_region_is_refused() -> None:
    costly = (
        phonenumbers.PhoneNumberType.PREMIUM_RATE,
        phonenumbers.PhoneNumberType.SHARED_COST,
        phonenumbers.PhoneNumberType.UAN,
    )
    texts = [text for text, _, kind in examples() if kind in costly]

    assert len(texts) > 200
    for text in texts:
        with pytest.raises(phone.InvalidNumber):
            phone.parse(text)
    assert sum(code_of(text) == "premium_rate" for text in texts) > 0.95 * len(texts)


@pytest.mark.parametrize("code", NOWHERE)
def test_satellite_and_other_numbers_of_no_country_are_refused(code: int) -> None:
    number = phonenumbers.example_number_for_non_geo_entity(code)
    assert number is not None

    assert code_of(phonenumbers.format_number(number, PhoneNumberFormat.E164)) == "premium_rate"


def code_of(text: str) -> str:
    with pytest.raises(phone.InvalidNumber) as caught:
        phone.parse(text)
    return caught.value.code


def test_the_fictional_numbers_exist_in_the_sandbox_only() -> None:
    assert phone.parse("+15005550001", sandbox=True) == phone.Number("+15005550001", "US", "mobile")
    assert phone.parse("+1 500 555 0009", sandbox=True).e164 == "+15005550009"
    assert phone.parse("+31612345678", sandbox=True).region == "NL"
    assert code_of("+15005550001") == "not_valid"


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+31612346823", "+31 6 •••• 6823"),
        ("+15005550006", "+1 5 •••• 0006"),
        ("+35312345678", "+353 1 •••• 5678"),
        ("+2901234", "+290 •••• 34"),
    ],
)
def test_a_masked_number_keeps_country_first_digit_and_the_last_four(number: str, shown: str) -> None:
    assert phone.mask(number) == shown


def test_a_calling_code_names_its_main_region() -> None:
    assert phone.region_of_calling_code("44") == "GB"
    assert phone.region_of_calling_code("1") == "US"
    assert phone.region_of_calling_code("881") is None
    assert phone.region_of_calling_code("999") is None
    assert phone.region_of_calling_code("x") is None
