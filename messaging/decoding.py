"""Bytes to ``SendRequest``: one typed decode when all is well, and a complete list of faults when it is not."""

import re
from typing import Any

import msgspec

from messaging.drafting import SendRequest, fault
from smsplatform.lib.api.parsers import loads_strict
from smsplatform.lib.api.problems import FieldError, Problem

SINGLE_MAX = 64 * 1024
BATCH_BYTES_MAX = 4 * 1024 * 1024
BATCH_MAX = 1000

_decoder = msgspec.json.Decoder(SendRequest)
_FIELDS = {field.encode_name: field for field in msgspec.structs.fields(SendRequest)}
_PATH = re.compile(r" - at `\$(?P<path>[^`]*)`")
_KINDS = (
    (re.compile(r"missing required field `(?P<name>[^`]+)`"), "required"),
    (re.compile(r"contains unknown field `(?P<name>[^`]+)`"), "unknown_field"),
    (re.compile(r"Invalid enum value|Invalid value"), "invalid_value"),
    (re.compile(r"of length >="), "too_short"),
    (re.compile(r"of length <="), "too_long"),
    (re.compile(r">=|<="), "out_of_range"),
    (re.compile(r"Invalid RFC3339"), "invalid_value"),
)


def decode(data: bytes) -> SendRequest:
    """The request in ``data``. Raises ``Problem`` with every fault found."""
    if len(data) > SINGLE_MAX:
        raise Problem.single("body_too_large")
    try:
        return _decoder.decode(data)
    except msgspec.DecodeError:
        return convert(loads_strict(data, SINGLE_MAX))


def convert(value: object, pointer: str = "#") -> SendRequest:
    """The request in a decoded JSON value; ``pointer`` is where the value stands."""
    if not isinstance(value, dict):
        raise Problem.of([fault(pointer, "wrong_type", "A message is a JSON object.")])
    try:
        return msgspec.convert(value, SendRequest)
    except msgspec.ValidationError:
        raise Problem.of(list(faults_of(value, pointer))) from None


def faults_of(value: dict[str, Any], pointer: str) -> list[FieldError]:
    """What is wrong with each field, one fault a field."""
    found = [fault(f"{pointer}/{_shown(name)}", "unknown_field") for name in value if name not in _FIELDS]
    for name, field in _FIELDS.items():
        if name not in value:
            if field.required:
                found.append(fault(f"{pointer}/{name}", "required"))
            continue
        try:
            msgspec.convert(value[name], field.type)
        except msgspec.ValidationError as error:
            found.append(_fault(str(error), f"{pointer}/{name}"))
    return found


def _fault(message: str, pointer: str) -> FieldError:
    """msgspec names the place and never the value; its message becomes one of our codes."""
    if found := _PATH.search(message):
        pointer += re.sub(r"\.|\[(\d+)\]|\[\.\.\.\]", lambda m: "/" + (m[1] or ""), found["path"]).rstrip("/")
    for pattern, code in _KINDS:
        if match := pattern.search(message):
            name = match.groupdict().get("name")
            return fault(f"{pointer}/{_shown(name)}" if name else pointer, code)
    return fault(pointer, "wrong_type", message.partition(" - at ")[0].replace("`", "") + ".")


def _shown(name: str) -> str:
    """A name the client chose, cut: it could be anything."""
    return name[:40].replace("~", "~0").replace("/", "~1")


def decode_batch(data: bytes) -> list[object]:
    """The 1 to 1,000 messages of a batch as JSON values; each is converted, and refused, on its own."""
    value = loads_strict(data, BATCH_BYTES_MAX)
    if not isinstance(value, dict):
        raise Problem.of([fault("#", "wrong_type", "Send an object with the list messages.")])
    if unknown := [fault(f"#/{_shown(name)}", "unknown_field") for name in value if name != "messages"]:
        raise Problem.of(unknown)
    messages = value.get("messages")
    if messages is None:
        raise Problem.of([fault("#/messages", "required")])
    if not isinstance(messages, list):
        raise Problem.of([fault("#/messages", "wrong_type")])
    if not messages:
        raise Problem.of([fault("#/messages", "batch_empty")])
    if len(messages) > BATCH_MAX:
        raise Problem.of([fault("#/messages", "batch_too_large")])
    return messages
