"""JSON documents as msgspec structs: one typed conversion when all is well, a complete list of faults when it is not.

A struct is also the schema that ``smsplatform/lib/api/openapi.py`` publishes, so what is documented is what is checked.
Values are never repeated in a fault; names that the client chose are cut.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, TypeVar

import msgspec
from msgspec.structs import FieldInfo

from smsplatform.lib.api.parsers import BODY_MAX, loads_strict
from smsplatform.lib.api.problems import FieldError, Problem

S = TypeVar("S", bound=msgspec.Struct)

_PATH = re.compile(r" - at `\$(?P<path>[^`]*)`")
_KINDS = (
    (re.compile(r"missing required field `(?P<name>[^`]+)`"), "required"),
    (re.compile(r"contains unknown field `(?P<name>[^`]+)`"), "unknown_field"),
    (re.compile(r"Invalid enum value|Invalid value|matching regex"), "invalid_value"),
    (re.compile(r"of length >="), "too_short"),
    (re.compile(r"of length <="), "too_long"),
    (re.compile(r">=|<="), "out_of_range"),
    (re.compile(r"Invalid RFC3339"), "invalid_value"),
)


def decode(kind: type[S], data: bytes, *, limit: int = BODY_MAX) -> S:
    """The document in ``data``; an empty body is an empty object. Raises ``Problem`` with every fault found."""
    return convert(kind, loads_strict(data or b"{}", limit))


def convert(kind: type[S], value: object, pointer: str = "#") -> S:
    """The document in a decoded JSON value; ``pointer`` is where the value stands."""
    if not isinstance(value, dict):
        raise Problem.of([FieldError(pointer=pointer, code="wrong_type", detail="Send a JSON object.")])
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError:
        raise Problem.of(list(faults_of(kind, value, pointer))) from None


def query(kind: type[S], params: Mapping[str, str], *, besides: frozenset[str] = frozenset()) -> S:
    """The parameters of a query; those in ``besides`` are somebody else's. Errors point at ``?name``."""
    known = _fields(kind)
    faults = [_in_query(name, "invalid_filter") for name in params if name not in known and name not in besides]
    values: dict[str, Any] = {}
    for name, field in known.items():
        if name in params:
            values[field.name] = _of_text(params[name], field)
            if values[field.name] is None:
                faults.append(_in_query(name, "invalid_filter"))
    if faults:
        raise Problem.of(faults)
    return kind(**values)


def _of_text(text: str, field: FieldInfo) -> Any:
    """The value that a parameter's text stands for; None for none (the text null is no null)."""
    try:
        return msgspec.convert(text, field.type, strict=False)
    except msgspec.ValidationError:
        return None


def _in_query(name: str, code: str) -> FieldError:
    return FieldError(pointer=f"?{shown(name)}", code=code)


@lru_cache(maxsize=128)
def _fields(kind: type[msgspec.Struct]) -> dict[str, FieldInfo]:
    return {field.encode_name: field for field in msgspec.structs.fields(kind)}


def faults_of(kind: type[msgspec.Struct], value: dict[str, Any], pointer: str) -> Iterator[FieldError]:
    """What is wrong with each field, one fault a field."""
    known = _fields(kind)
    for name in value:
        if name not in known:
            yield FieldError(pointer=f"{pointer}/{shown(name)}", code="unknown_field")
    for name, field in known.items():
        if name not in value:
            if field.required:
                yield FieldError(pointer=f"{pointer}/{name}", code="required")
            continue
        try:
            msgspec.convert(value[name], field.type)
        except msgspec.ValidationError as error:
            yield _fault(str(error), f"{pointer}/{name}")


def _fault(message: str, pointer: str) -> FieldError:
    """msgspec names the place and never the value; its message becomes one of our codes."""
    if found := _PATH.search(message):
        pointer += re.sub(r"\.|\[(\d+)\]|\[\.\.\.\]", lambda m: "/" + (m[1] or ""), found["path"]).rstrip("/")
    for pattern, code in _KINDS:
        if match := pattern.search(message):
            name = match.groupdict().get("name")
            return FieldError(pointer=f"{pointer}/{shown(name)}" if name else pointer, code=code)
    detail = message.partition(" - at ")[0].replace("`", "") + "."
    return FieldError(pointer=pointer, code="wrong_type", detail=detail)


def shown(name: str) -> str:
    """A name that the client chose, cut: it could be anything."""
    return name[:40].replace("~", "~0").replace("/", "~1")
