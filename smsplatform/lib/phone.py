"""Phone numbers: what may be sent to, in which region, and of which kind.

``parse`` has two ways. The fast one compiles the number plans of the ``phonenumbers`` library into one regular
expression per calling code, on first use, and accepts canonical mobile and fixed numbers (``+`` and digits) in a
microsecond or two. Everything it does not accept goes to the library itself, thirty times slower: other spellings,
rarer kinds, and every refusal, so that the reason is the library's. The fast way must never accept what the library
would refuse, nor see another region or kind; ``tests/lib/test_phone.py`` compares the two over mutated numbers.

No text of an error ever contains the number.
"""

import re
from collections.abc import Callable, Iterable
from typing import Final

import msgspec
from phonenumbers import (
    COUNTRY_CODE_TO_REGION_CODE,
    REGION_CODE_FOR_NON_GEO_ENTITY,
    NumberParseException,
    PhoneMetadata,
    PhoneNumber,
    PhoneNumberDesc,
    PhoneNumberFormat,
    PhoneNumberType,
    ValidationResult,
    format_number,
    is_possible_number_with_reason,
    number_type,
    region_code_for_number,
)
from phonenumbers import parse as parse_with_library

FIXED: Final = "fixed"
MOBILE: Final = "mobile"
FIXED_OR_MOBILE: Final = "fixed_or_mobile"

_KINDS = {
    PhoneNumberType.FIXED_LINE: FIXED,
    PhoneNumberType.MOBILE: MOBILE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE: FIXED_OR_MOBILE,
    PhoneNumberType.TOLL_FREE: "toll_free",
    PhoneNumberType.PREMIUM_RATE: "premium",
    PhoneNumberType.SHARED_COST: "shared_cost",
    PhoneNumberType.VOIP: "voip",
    PhoneNumberType.PERSONAL_NUMBER: "personal",
    PhoneNumberType.PAGER: "pager",
    PhoneNumberType.UAN: "uan",
    PhoneNumberType.VOICEMAIL: "voicemail",
}
# Kinds that bill the caller or the sender beyond the price of a text: the classic way to make money from somebody
# else's messages. Every number outside any country (satellite, international networks, +979) counts as one.
_COSTLY = frozenset({"premium", "shared_cost", "uan"})
_TOO_SHORT = (ValidationResult.TOO_SHORT, ValidationResult.IS_POSSIBLE_LOCAL_ONLY)

# What people write between digits. Letters, extensions and digits of other scripts are refused, not guessed at.
_WRITTEN = re.compile(r"[0-9 .()/\-\u00a0\u2009\u202f\u2010\u2011\u2013]+")
_NOT_DIGITS = re.compile(r"[^0-9]+")
_LENGTH_MAX = 40
# +1 500 555 xxxx is fiction: the numbers of the sandbox, never anybody's.
_FICTION = re.compile(r"\+1500555[0-9]{4}")


class InvalidNumber(ValueError):
    """This number cannot receive a message.

    ``code`` is one of not_e164, unknown_country, too_short, too_long, not_valid, premium_rate; all are keys of
    ``smsplatform.lib.api.problems.CODES``.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


# A msgspec struct and not a dataclass: creating one is on the hot path and six times cheaper.
class Number(msgspec.Struct, frozen=True):
    """A number that may receive messages. ``region`` is ISO 3166-1 alpha-2 as the number plan sees it."""

    e164: str
    region: str
    kind: str


def parse(text: str, sandbox: bool = False) -> Number:
    """The number written in ``text``, which must start with ``+``; raises ``InvalidNumber``.

    With ``sandbox`` the fictional numbers +1 500 555 0000 to 9999 are accepted as mobiles, otherwise refused.
    """
    found = _fast(text)
    if found is not None:
        return found
    return _slow(text, sandbox=sandbox)


def mask(e164: str) -> str:
    """``+31612346823`` → ``+31 6 •••• 6823``: enough to recognise one's own number, not to dial another's."""
    digits = e164[1:]
    code = _calling_code(e164) or digits[:2]
    national = digits[len(code) :]
    if len(national) < 8:
        return f"+{code} •••• {national[-2:]}"
    return f"+{code} {national[0]} •••• {national[-4:]}"


def region_of_calling_code(code: str) -> str | None:
    """The main region of a calling code ("44" → "GB"); None when it is not assigned to a country."""
    regions = COUNTRY_CODE_TO_REGION_CODE.get(int(code)) if code.isascii() and code.isdigit() else None
    return None if regions is None or regions[0] == REGION_CODE_FOR_NON_GEO_ENTITY else regions[0]


# --- The fast way ---------------------------------------------------------------------------------


class _Plan:
    """The compiled number plan of one calling code; the group that matched says region and kind."""

    __slots__ = ("match", "outcomes")

    def __init__(self, code: str, regions: Iterable[str]) -> None:
        alternatives: list[str] = []
        self.outcomes: list[tuple[str, str]] = [("", "")]
        earlier = ""
        for region in regions:
            metadata = PhoneMetadata.metadata_for_region(region)
            if metadata is None:
                continue
            # The library takes the first region whose leading digits match, or else the first whose plan does.
            leading = f"(?={_plain(metadata.leading_digits)})" if metadata.leading_digits else ""
            for kind, pattern in _kinds(metadata):
                alternatives.append(f"{earlier}{leading}{pattern}()")
                self.outcomes.append((region, kind))
            if metadata.leading_digits:
                earlier += f"(?!{_plain(metadata.leading_digits)})"
        prefix = _national_prefix(code)
        self.match: Callable[[str], re.Match[str] | None] = re.compile(
            rf"\+{code}{prefix}(?:{'|'.join(alternatives) or '(?!)'})", re.ASCII
        ).fullmatch


def _fast(text: str) -> Number | None:
    plan = _plans.get(text[:4])
    if plan is None:
        plan = _compile(text[:4])
        if plan is None:
            return None
    found = plan.match(text)
    if found is None:
        return None
    region, kind = plan.outcomes[found.lastindex or 0]
    return Number(text, region, kind)


def _compile(start: str) -> _Plan | None:
    """The plan for numbers that begin with these four characters, remembered; None when there is none.

    At most 1,000 starts exist and they share some 215 plans. Two threads may compile the same plan: harmless.
    """
    code = _calling_code(start)
    if code is None:
        return None
    if code not in _plans_by_code:
        _plans_by_code[code] = _Plan(code, COUNTRY_CODE_TO_REGION_CODE[int(code)])
    plan = _plans[start] = _plans_by_code[code]
    return plan


def _calling_code(text: str) -> str | None:
    """The calling code after ``+``. No code is the beginning of another, so the first hit is the only one."""
    for end in (2, 3, 4):
        code = text[1:end]
        if code in _CODES and len(code) == end - 1 and text[0] == "+":
            return code
    return None


def _national_prefix(code: str) -> str:
    """Refuses numbers from which the library might strip a national prefix: +49 (0)30 becomes another number.

    Argentina's prefix may be empty; the lookbehind (only here does ``+`` occur) means "and it took something".
    """
    main = PhoneMetadata.metadata_for_region(COUNTRY_CODE_TO_REGION_CODE[int(code)][0])
    if main is None or not main.national_prefix_for_parsing:
        return ""
    return rf"(?!(?:{_plain(main.national_prefix_for_parsing)})(?<!\+{code}))"


def _kinds(metadata: PhoneMetadata) -> Iterable[tuple[str, str]]:
    """Kind and pattern, most frequent first; in the order of the library's own questions they would be exclusive."""
    rarer = (
        metadata.premium_rate,
        metadata.toll_free,
        metadata.shared_cost,
        metadata.voip,
        metadata.personal_number,
        metadata.pager,
        metadata.uan,
        metadata.voicemail,
    )
    general = f"(?={_desc(metadata.general_desc)})"
    other = f"(?!{'|'.join(_desc(desc) for desc in rarer if _has_pattern(desc)) or '(?!)'})"
    fixed, mobile = _desc(metadata.fixed_line), _desc(metadata.mobile)
    if metadata.same_mobile_and_fixed_line_pattern:
        yield FIXED_OR_MOBILE, general + other + fixed
        return
    yield MOBILE, f"(?={mobile}){general}{other}(?!{fixed}).*"
    yield FIXED_OR_MOBILE, f"(?={mobile}){general}{other}{fixed}"
    yield FIXED, f"(?={fixed}){general}{other}(?!{mobile}).*"


def _has_pattern(desc: PhoneNumberDesc | None) -> bool:
    return desc is not None and bool(desc.national_number_pattern)


def _desc(desc: PhoneNumberDesc | None) -> str:
    """Pattern of one description up to the end of the number, with its possible lengths; never matching if absent."""
    if desc is None or not desc.national_number_pattern:
        return "(?!)"
    lengths = "|".join(f".{{{low},{high}}}" for low, high in _ranges(desc.possible_length))
    return (rf"(?=(?:{lengths})\Z)" if lengths else "") + rf"(?:{_plain(desc.national_number_pattern)})\Z"


def _ranges(lengths: Iterable[int]) -> Iterable[tuple[int, int]]:
    """(9, 11, 12) → (9, 9), (11, 12): one repeat to try instead of one per length."""
    allowed = sorted(lengths)
    lows = [length for length in allowed if length - 1 not in allowed]
    highs = [length for length in allowed if length + 1 not in allowed]
    return zip(lows, highs, strict=True)


def _plain(pattern: str) -> str:
    """The pattern without capturing groups, which would shift ours."""
    return re.sub(r"(?<!\\)\((?!\?)", "(?:", pattern)


_CODES = frozenset(
    str(code) for code, regions in COUNTRY_CODE_TO_REGION_CODE.items() if regions[0] != REGION_CODE_FOR_NON_GEO_ENTITY
)
_plans: dict[str, _Plan] = {}
_plans_by_code: dict[str, _Plan] = {}


# --- The slow way ---------------------------------------------------------------------------------


def _slow(text: str, *, sandbox: bool) -> Number:
    number = _read(text)
    e164 = format_number(number, PhoneNumberFormat.E164)
    if _FICTION.fullmatch(e164):
        if sandbox:
            return Number(e164, "US", MOBILE)
        raise InvalidNumber("not_valid")
    _refuse_impossible(number)
    region = region_code_for_number(number)
    kind = _KINDS.get(number_type(number))
    if region == REGION_CODE_FOR_NON_GEO_ENTITY or kind in _COSTLY:
        raise InvalidNumber("premium_rate")
    if region is None or kind is None or kind == "voicemail":
        raise InvalidNumber("not_valid")
    return Number(e164, region, kind)


def _read(text: str) -> PhoneNumber:
    written = text.strip()
    if not written.startswith("+") or not _WRITTEN.fullmatch(written, 1):
        raise InvalidNumber("not_e164")
    if len(written) > _LENGTH_MAX:
        raise InvalidNumber("too_long")
    try:
        return parse_with_library("+" + _NOT_DIGITS.sub("", written))
    except NumberParseException as error:
        raise InvalidNumber(_PARSE_CODES.get(error.error_type, "not_e164")) from None


_PARSE_CODES = {
    NumberParseException.INVALID_COUNTRY_CODE: "unknown_country",
    NumberParseException.TOO_SHORT_AFTER_IDD: "too_short",
    NumberParseException.TOO_SHORT_NSN: "too_short",
    NumberParseException.NOT_A_NUMBER: "too_short",  # only digits get here, so there were too few
    NumberParseException.TOO_LONG: "too_long",
}


def _refuse_impossible(number: PhoneNumber) -> None:
    reason = is_possible_number_with_reason(number)
    if reason in _TOO_SHORT:
        raise InvalidNumber("too_short")
    if reason == ValidationResult.TOO_LONG:
        raise InvalidNumber("too_long")
