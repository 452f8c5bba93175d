"""What a carrier's command_status means for us (SMPP 3.4 section 5.1.3), in one table.

Five things can follow from a refusal: slow down and try again (throttled), try again later (temporary), give up
(final), or nothing is known because no answer came (unknown) or nothing was sent (unsent). ``fallback`` says whether
another carrier could do better: a wrong number is wrong everywhere, a wrong sender is not.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple


class Outcome(StrEnum):
    ACCEPTED = "accepted"
    THROTTLED = "throttled"
    TEMPORARY = "temporary"
    FINAL = "final"
    UNKNOWN = "unknown"
    UNSENT = "unsent"


class Verdict(NamedTuple):
    """``code`` is stable and may be stored and shown."""

    outcome: Outcome
    code: str
    fallback: bool


_T, _F = Outcome.TEMPORARY, Outcome.FINAL

ACCEPTED = Verdict(Outcome.ACCEPTED, "accepted", fallback=False)
TIMED_OUT = Verdict(Outcome.UNKNOWN, "response_timeout", fallback=False)
DISCONNECTED = Verdict(Outcome.UNKNOWN, "disconnected", fallback=False)
NOT_SENT = Verdict(Outcome.UNSENT, "not_sent", fallback=True)
NACKED = Verdict(Outcome.FINAL, "refused_pdu", fallback=True)
UNLISTED = Verdict(Outcome.TEMPORARY, "unlisted_status", fallback=True)
VENDOR = Verdict(Outcome.TEMPORARY, "vendor_status", fallback=True)

TABLE: dict[int, Verdict] = {
    0x00: ACCEPTED,
    0x01: Verdict(_F, "invalid_message_length", fallback=False),
    0x02: Verdict(_F, "invalid_command_length", fallback=True),
    0x03: Verdict(_F, "invalid_command", fallback=True),
    0x04: Verdict(_T, "wrong_bind_state", fallback=True),
    0x05: Verdict(_T, "already_bound", fallback=True),
    0x06: Verdict(_F, "invalid_priority", fallback=True),
    0x07: Verdict(_F, "invalid_registered_delivery", fallback=True),
    0x08: Verdict(_T, "system_error", fallback=True),
    0x0A: Verdict(_F, "invalid_sender", fallback=True),
    0x0B: Verdict(_F, "invalid_destination", fallback=False),
    0x0C: Verdict(_T, "invalid_message_id", fallback=True),
    0x0D: Verdict(_T, "bind_failed", fallback=True),
    0x0E: Verdict(_T, "invalid_password", fallback=True),
    0x0F: Verdict(_T, "invalid_system_id", fallback=True),
    0x14: Verdict(Outcome.THROTTLED, "queue_full", fallback=True),
    0x15: Verdict(_F, "invalid_service_type", fallback=True),
    0x33: Verdict(_F, "invalid_destination_count", fallback=True),
    0x40: Verdict(_F, "invalid_destination_flag", fallback=True),
    0x42: Verdict(_F, "invalid_submit_option", fallback=True),
    0x43: Verdict(_F, "invalid_esm_class", fallback=True),
    0x45: Verdict(_T, "submit_failed", fallback=True),
    0x48: Verdict(_F, "invalid_sender_type", fallback=True),
    0x49: Verdict(_F, "invalid_sender_plan", fallback=True),
    0x50: Verdict(_F, "invalid_destination_type", fallback=False),
    0x51: Verdict(_F, "invalid_destination_plan", fallback=False),
    0x53: Verdict(_F, "invalid_system_type", fallback=True),
    0x58: Verdict(Outcome.THROTTLED, "throttled", fallback=True),
    0x61: Verdict(_F, "invalid_schedule", fallback=True),
    0x62: Verdict(_F, "invalid_validity", fallback=True),
    0x64: Verdict(_T, "temporary_application_error", fallback=True),
    0x65: Verdict(_F, "permanent_application_error", fallback=True),
    0x66: Verdict(_F, "rejected_by_application", fallback=True),
    0xC0: Verdict(_F, "invalid_optional_parameters", fallback=True),
    0xC1: Verdict(_F, "optional_parameter_not_allowed", fallback=True),
    0xC2: Verdict(_F, "invalid_optional_parameter_length", fallback=True),
    0xC3: Verdict(_F, "missing_optional_parameter", fallback=True),
    0xC4: Verdict(_F, "invalid_optional_parameter_value", fallback=True),
    0xFE: Verdict(_F, "delivery_failed", fallback=True),
    0xFF: Verdict(_T, "unknown_error", fallback=True),
}

# Binds the carrier will not accept until somebody changes something: alarm, and retry at the slow end of the ladder.
BIND_REFUSALS = frozenset({0x0D, 0x0E, 0x0F, 0x53})
ALREADY_BOUND = 0x05

STATUS_OK = 0x00
STATUS_INVALID_COMMAND_LENGTH = 0x02
STATUS_INVALID_COMMAND = 0x03
STATUS_WRONG_BIND_STATE = 0x04
STATUS_SYSTEM_ERROR = 0x08
STATUS_QUEUE_FULL = 0x14
STATUS_THROTTLED = 0x58
STATUS_TRY_LATER = 0x64
STATUS_BAD_OPTIONAL = 0xC0

Overrides = Mapping[int, Outcome]


def classify(status: int, overrides: Overrides | None = None) -> Verdict:
    """What ``status`` of a submit_sm_resp means; ``overrides`` are a carrier's own meanings.

    A status in nobody's table is temporary: trying again is bounded, giving up on a guess is not repairable.
    """
    verdict = TABLE.get(status) or (VENDOR if 0x400 <= status <= 0x4FF else UNLISTED)
    if overrides and status in overrides:
        outcome = Outcome(overrides[status])
        return Verdict(outcome, verdict.code, fallback=verdict.fallback or outcome is not Outcome.FINAL)
    return verdict


def is_listed(status: int, overrides: Overrides | None = None) -> bool:
    """False for a status that should raise an alarm, because nobody has said what it means."""
    return status in TABLE or bool(overrides and status in overrides)
