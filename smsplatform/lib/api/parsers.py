"""Strict JSON in: what two parsers could read differently, or a phone or database could not hold, is refused.

Refused: NaN and Infinity, a name twice in one object, lone surrogates, NUL, bytes that are not UTF-8, a byte order
mark, nesting deeper than 64, integers longer than 100 digits, bodies above the limit (256 KiB unless the view sets
``body_max``). Everything is refused with a ``Problem`` that points at the field where one can be named.
"""

import json
from typing import NoReturn

from smsplatform.lib.api.problems import FieldError, Problem

BODY_MAX = 256 * 1024
COMPRESSED = "The body is compressed. Send it as it is, without Content-Encoding."
_DEPTH_MAX = 64
_DIGITS_MAX = 100


def loads_strict(data: bytes, limit: int = BODY_MAX) -> object:
    """The JSON value in ``data``; raises ``Problem`` for everything the module's first paragraph refuses."""
    if len(data) > limit:
        raise Problem("body_too_large", detail=f"The request body is larger than {limit} bytes. Send less at once.")
    try:
        value = _decoder.decode(data.decode())
        _check(value, "#", 1)
    except (ValueError, RecursionError):
        raise Problem("invalid_json") from None
    return value


def check_text(text: str) -> str | None:
    """``lone_surrogate`` or ``control_character`` when ``text`` cannot be sent or stored, else None.

    For the hot path: ASCII texts cost a tenth of a microsecond.
    """
    if "\x00" in text:
        return "control_character"
    if not text.isascii() and _has_surrogate(text):
        return "lone_surrogate"
    return None


def _has_surrogate(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _check(value: object, pointer: str, depth: int) -> None:
    """Every text of a decoded value, names included, and the depth."""
    if depth > _DEPTH_MAX and isinstance(value, dict | list):
        raise Problem("invalid_json", detail=f"The body is nested deeper than {_DEPTH_MAX} levels.")
    if isinstance(value, str):
        _refuse_text(value, pointer)
    elif isinstance(value, dict):
        for name, inner in value.items():
            _refuse_text(name, pointer)
            _check(inner, f"{pointer}/{_shown(name)}", depth + 1)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            _check(inner, f"{pointer}/{index}", depth + 1)


def _refuse_text(text: str, pointer: str) -> None:
    code = check_text(text)
    if code:
        raise Problem.of([FieldError(pointer=pointer, code=code)])


def _shown(name: str) -> str:
    """A name as part of a pointer, cut: an unknown name is the client's text, and could be anything."""
    return name[:40].replace("~", "~0").replace("/", "~1")


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Problem("duplicate_key")
    return found


def _integer(digits: str) -> int:
    if len(digits) > _DIGITS_MAX:
        raise ValueError("an integer of this length is no quantity")
    return int(digits)


def _number(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise ValueError("1e400 is infinity in disguise")
    return value


def _constant(name: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


_decoder = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_number, parse_constant=_constant, strict=True
)
