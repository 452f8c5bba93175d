"""What the simulated carrier does to each submit: by script for everybody, by magic number for one destination.

Every "every" option counts submits over all binds: ``throttle_every=97`` refuses each 97th. 0 is never.
"""

import dataclasses
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple


class IdStyle(StrEnum):
    """How message ids are printed in responses and receipts."""

    DECIMAL = "decimal"
    HEX = "hex"
    HEX_IN_RESPONSE = "hex_in_response"
    HEX_IN_RECEIPT = "hex_in_receipt"
    PADDED = "padded"
    UUID = "uuid"


class ReceiptForm(StrEnum):
    BOTH = "both"
    TEXT = "text"
    TLV = "tlv"
    DATA_SM = "data_sm"
    PAYLOAD = "payload"


class ScriptError(ValueError):
    """The script names an unknown option or gives a value of the wrong type."""

    code = "invalid_script"


@dataclass(frozen=True, kw_only=True, slots=True)
class Script:
    """Times are seconds; statuses are SMPP command_status values. ``stall`` reads everything and answers nothing."""

    bind_status: int = 0
    bind_silent: bool = False
    binds_max: int = 0
    response_delay: float = 0.0
    response_jitter: float = 0.0
    receipt_delay: float = 0.2
    receipt_jitter: float = 0.0
    receipt_form: ReceiptForm = ReceiptForm.BOTH
    receipt_state: str = "DELIVRD"
    receipt_window: int = 500
    receipt_retry: float = 2.0
    intermediate: bool = False
    id_style: IdStyle = IdStyle.DECIMAL
    throttle_every: int = 0
    throttle_status: int = 0x58
    reject_every: int = 0
    reject_status: int = 0x0B
    error_every: int = 0
    error_status: int = 0x08
    nack_every: int = 0
    undelivered_every: int = 0
    undelivered_part: int = 0
    lose_receipt_every: int = 0
    duplicate_receipt_every: int = 0
    early_receipt_every: int = 0
    no_response_every: int = 0
    disconnect_every: int = 0
    unbind_every: int = 0
    rate_max: int = 0
    window_max: int = 0
    stall: bool = False
    enquire_silent: bool = False
    charset: str = "gsm7"

    def changed(self, options: Mapping[str, Any]) -> "Script":
        """A copy with ``options`` of a JSON object. Raises ScriptError."""
        values: dict[str, Any] = {}
        for name, value in options.items():
            if name not in self.__slots__:
                raise ScriptError(f"unknown option {name}")
            values[name] = _converted(name, getattr(self, name), value)
        return dataclasses.replace(self, **values)

    def to_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


def _converted(name: str, now: Any, value: Any) -> Any:
    kind = type(now)
    if isinstance(value, bool) is not (kind is bool):
        raise ScriptError(f"{name} must be of type {kind.__name__}")
    if not isinstance(value, (int, float) if kind in (int, float, bool) else str):
        raise ScriptError(f"{name} must be of type {kind.__name__}")
    try:
        return kind(value)
    except ValueError:
        raise ScriptError(f"{name} does not know this value") from None


class Behaviour(StrEnum):
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    REJECTED = "rejected"
    EXPIRED = "expired"
    SLOW = "slow"
    THROTTLED_ONCE = "throttled_once"
    NO_RECEIPT = "no_receipt"
    DUPLICATE_RECEIPT = "duplicate_receipt"
    EARLY_RECEIPT = "early_receipt"
    TEMPORARY_ONCE = "temporary_once"
    BLOCKED = "blocked"
    NO_RESPONSE = "no_response"
    CARRIER_FAILS = "carrier_fails"
    ONE_PART_FAILS = "one_part_fails"
    CONTRADICTED = "contradicted"


class MagicNumber(NamedTuple):
    number: str
    behaviour: Behaviour
    description: str


def _(text: str) -> str:
    """Marks a text for translators; pages translate it when they show it. This module runs without Django."""
    return text


MAGIC_NUMBERS = (
    MagicNumber("+15005550001", Behaviour.DELIVERED, _("Delivered.")),
    MagicNumber("+15005550002", Behaviour.UNDELIVERED, _("Accepted, then undelivered: the subscriber is absent.")),
    MagicNumber("+15005550003", Behaviour.REJECTED, _("Refused at submission for good: invalid destination.")),
    MagicNumber("+15005550004", Behaviour.EXPIRED, _("Accepted, then expired before the phone was reached.")),
    MagicNumber("+15005550005", Behaviour.SLOW, _("Delivered; the receipt comes after 30 seconds.")),
    MagicNumber("+15005550006", Behaviour.THROTTLED_ONCE, _("Every first try is throttled, the second is accepted.")),
    MagicNumber("+15005550007", Behaviour.NO_RECEIPT, _("Delivered, but no receipt ever comes.")),
    MagicNumber("+15005550008", Behaviour.DUPLICATE_RECEIPT, _("Delivered; the receipt comes twice.")),
    MagicNumber("+15005550009", Behaviour.EARLY_RECEIPT, _("Delivered; the receipt comes before the response.")),
    MagicNumber(
        "+15005550010", Behaviour.TEMPORARY_ONCE, _("Every first try fails for a while, the second is accepted.")
    ),
    MagicNumber("+15005550011", Behaviour.BLOCKED, _("Accepted, then rejected by the network.")),
    MagicNumber("+15005550012", Behaviour.NO_RESPONSE, _("The carrier never answers the submission.")),
    MagicNumber("+15005550013", Behaviour.CARRIER_FAILS, _("Every try fails; another carrier may do better.")),
    MagicNumber("+15005550014", Behaviour.ONE_PART_FAILS, _("The second part of a long message is undelivered.")),
    MagicNumber("+15005550015", Behaviour.CONTRADICTED, _("Delivered, and then a second receipt says undelivered.")),
)
_BY_DIGITS = {magic.number[1:].encode(): magic.behaviour for magic in MAGIC_NUMBERS}


class ReceiptPlan(NamedTuple):
    """One receipt: seconds after the response, state word and error code."""

    delay: float
    state: str
    error: str


class Plan(NamedTuple):
    """What happens to one submit. ``status`` None is no response at all; -1 is a generic_nack."""

    status: int | None
    receipts: tuple[ReceiptPlan, ...] = ()
    early: bool = False
    disconnect: bool = False
    unbind: bool = False

    @property
    def arrives(self) -> bool:
        """Whether the phone gets it."""
        return self.status in (0, None) and all(receipt.state == "DELIVRD" for receipt in self.receipts[:1])


_RECEIPTS: dict[Behaviour, tuple[ReceiptPlan, ...]] = {
    Behaviour.DELIVERED: (ReceiptPlan(0, "DELIVRD", "000"),),
    Behaviour.UNDELIVERED: (ReceiptPlan(0, "UNDELIV", "027"),),
    Behaviour.EXPIRED: (ReceiptPlan(0, "EXPIRED", "031"),),
    Behaviour.SLOW: (ReceiptPlan(30, "DELIVRD", "000"),),
    Behaviour.NO_RECEIPT: (),
    Behaviour.DUPLICATE_RECEIPT: (ReceiptPlan(0, "DELIVRD", "000"), ReceiptPlan(0.1, "DELIVRD", "000")),
    Behaviour.BLOCKED: (ReceiptPlan(0, "REJECTD", "088"),),
    Behaviour.CONTRADICTED: (ReceiptPlan(0, "DELIVRD", "000"), ReceiptPlan(0.1, "UNDELIV", "027")),
}
_FIRST_TRY = {Behaviour.THROTTLED_ONCE: 0x58, Behaviour.TEMPORARY_ONCE: 0x08}
_ALWAYS = {Behaviour.REJECTED: 0x0B, Behaviour.CARRIER_FAILS: 0x45}
_UNDELIVERED = (ReceiptPlan(0, "UNDELIV", "027"),)
_TRIES_MAX = 1000


class Planner:
    """Decides each submit; remembers only how many there were and which magic numbers were refused once."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.count = 0
        self._refused: OrderedDict[tuple[bytes, int], None] = OrderedDict()

    def plan(self, destination: bytes, part: int) -> Plan:
        """``part`` is 1 for a single message."""
        self.count += 1
        behaviour = _BY_DIGITS.get(destination.removeprefix(b"+"))
        plan = self._scripted(part) if behaviour is None else self._magic(behaviour, destination, part)
        script = self.script
        if self._hits(script.disconnect_every):
            return plan._replace(disconnect=True, status=None)
        return plan._replace(unbind=True) if self._hits(script.unbind_every) else plan

    def _hits(self, every: int) -> bool:
        return every > 0 and self.count % every == 0

    def _scripted(self, part: int) -> Plan:
        script = self.script
        status = self._status()
        if status:
            return Plan(status)
        receipts = self._receipts(part)
        if self._hits(script.no_response_every):
            return Plan(None, receipts)
        return Plan(0, receipts, early=self._hits(script.early_receipt_every))

    def _status(self) -> int:
        script = self.script
        for every, status in (
            (script.throttle_every, script.throttle_status),
            (script.reject_every, script.reject_status),
            (script.error_every, script.error_status),
            (script.nack_every, -1),
        ):
            if self._hits(every):
                return status
        return 0

    def _receipts(self, part: int) -> tuple[ReceiptPlan, ...]:
        script = self.script
        if self._hits(script.lose_receipt_every):
            return ()
        if self._hits(script.undelivered_every) or part == script.undelivered_part:
            return _UNDELIVERED
        receipts = (ReceiptPlan(0, script.receipt_state, "000"),)
        return receipts * 2 if self._hits(script.duplicate_receipt_every) else receipts

    def _magic(self, behaviour: Behaviour, destination: bytes, part: int) -> Plan:
        if behaviour in _FIRST_TRY and self._first_try(destination, part):
            return Plan(_FIRST_TRY[behaviour])
        if behaviour in _ALWAYS:
            return Plan(_ALWAYS[behaviour])
        if behaviour is Behaviour.NO_RESPONSE:
            return Plan(None)
        if behaviour is Behaviour.ONE_PART_FAILS and part == 2:
            return Plan(0, _UNDELIVERED)
        receipts = _RECEIPTS.get(behaviour, _RECEIPTS[Behaviour.DELIVERED])
        return Plan(0, receipts, early=behaviour is Behaviour.EARLY_RECEIPT)

    def _first_try(self, destination: bytes, part: int) -> bool:
        key = (destination, part)
        if key in self._refused:
            del self._refused[key]
            return False
        self._refused[key] = None
        if len(self._refused) > _TRIES_MAX:
            self._refused.popitem(last=False)
        return True
