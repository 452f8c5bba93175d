"""Bytes to ``SendRequest``: one typed decode when all is well, and a complete list of faults when it is not."""

import re

import msgspec

from messaging.drafting import SendRequest, fault
from smsplatform.lib.api import structs
from smsplatform.lib.api.parsers import loads_strict
from smsplatform.lib.api.problems import Problem

SINGLE_MAX = 64 * 1024
BATCH_BYTES_MAX = 4 * 1024 * 1024
BATCH_MAX = 1000

_decoder = msgspec.json.Decoder(SendRequest)
_NAMES = re.compile(b'"(?:' + "|".join(f.encode_name for f in msgspec.structs.fields(SendRequest)).encode() + b')"')
_ESCAPED_NAME = re.compile(rb'\\u[^"]*"\s*:')


def decode(data: bytes) -> SendRequest:
    """The request in ``data``. Raises ``Problem`` with every fault found."""
    if len(data) > SINGLE_MAX:
        raise Problem.single("body_too_large")
    try:
        request = _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return convert(loads_strict(data, SINGLE_MAX))
    names = _NAMES.findall(data)
    if len(names) != len(set(names)) or data.count(b"{") > 1 or _ESCAPED_NAME.search(data):
        loads_strict(data, SINGLE_MAX)  # perhaps a name twice, which two parsers would read differently
    return request


def convert(value: object, pointer: str = "#") -> SendRequest:
    """The request in a decoded JSON value; ``pointer`` is where the value stands."""
    return structs.convert(SendRequest, value, pointer)


def decode_batch(data: bytes) -> list[object]:
    """The 1 to 1,000 messages of a batch as JSON values; each is converted, and refused, on its own."""
    value = loads_strict(data, BATCH_BYTES_MAX)
    if not isinstance(value, dict):
        raise Problem.of([fault("#", "wrong_type", "Send an object with the list messages.")])
    if unknown := [fault(f"#/{structs.shown(name)}", "unknown_field") for name in value if name != "messages"]:
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
