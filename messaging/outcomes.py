"""What the ``error`` of a message means: why a message that was accepted did not arrive, in words.

Three kinds of code: ours, the refusals of carriers as SMPP 3.4 numbers them (``carriers/smpp/errors.py``), and
``carrier_<state>[_<number>]`` from receipts, whose number only that carrier can explain.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from messaging.carriers.smpp.errors import TABLE, Outcome


@dataclass(frozen=True, kw_only=True, slots=True)
class Meaning:
    """What happened, and what its sender can do."""

    title: str | Promise
    advice: str | Promise


_OURS_TO_MEND = _("Tell us the message id: this is between the carrier and us.")
_OURS = {
    "suppressed_recipient": Meaning(
        title=_("The recipient objected after the message was accepted"), advice=_("Do not write to this number.")
    ),
    "redacted": Meaning(
        title=_("Text and number were removed before it was sent"),
        advice=_("Send a new message if it is still wanted."),
    ),
    "body_gone": Meaning(
        title=_("The text's time was over before it could be sent"),
        advice=_("Send it again, with a schedule inside the time that texts are kept."),
    ),
    "retries_exhausted": Meaning(
        title=_("No carrier took it, however often it was tried"),
        advice=_("Look at the status page, then send it again."),
    ),
    "validity_over": Meaning(
        title=_("Its validity ended before a carrier took it"), advice=_("Send it again, or allow it more time.")
    ),
    "no_receipt": Meaning(
        title=_("A carrier took it and never said what became of it"),
        advice=_("It may have arrived. Ask the recipient before you send it again."),
    ),
}
_REFUSED = {
    "invalid_destination": Meaning(
        title=_("The carrier does not know this number"), advice=_("Check the number with its owner.")
    ),
    "invalid_sender": Meaning(
        title=_("The carrier does not allow this sender"),
        advice=_("Use another sender, or register this one for the country."),
    ),
    "rejected_by_application": Meaning(
        title=_("The carrier's filter refused the text"), advice=_("Change the text; links are the usual reason.")
    ),
    "permanent_application_error": Meaning(
        title=_("The carrier refused it for good"), advice=_("Send it again later, or tell us the message id.")
    ),
    "delivery_failed": Meaning(
        title=_("The carrier could not deliver it"), advice=_("Check the number with its owner.")
    ),
    "invalid_validity": Meaning(
        title=_("The carrier does not take this validity"), advice=_("Choose another validity.")
    ),
}
_SENDER = frozenset({"invalid_sender_type", "invalid_sender_plan"})
_NUMBER = frozenset({"invalid_destination_type", "invalid_destination_plan"})
_REST = Meaning(title=_("The carrier did not understand how we wrote the message"), advice=_OURS_TO_MEND)
_UNDELIVERABLE = Meaning(
    title=_("The network could not deliver it"), advice=_("The phone may not exist any more, or block texts.")
)
_STATES = {
    "undeliverable": _UNDELIVERABLE,
    "rejected": Meaning(
        title=_("The network refused it"), advice=_("Change sender or text; tell us the message id if it stays so.")
    ),
    "expired": Meaning(
        title=_("The phone could not be reached in time"), advice=_("Send it again, or allow it more time.")
    ),
    "deleted": Meaning(
        title=_("The network deleted it before it arrived"),
        advice=_("Send it again; tell us the message id if it stays so."),
    ),
}
_SPELLINGS = {**_STATES, "undelivered": _UNDELIVERABLE}  # the word of messages from before carriers' own was kept
_RECEIPT = re.compile(rf"carrier_({'|'.join(_SPELLINGS)})(?:_.+)?")


def meaning(code: str) -> Meaning | None:
    """What a message's error means; None for one that nobody has described."""
    if found := _RECEIPT.fullmatch(code):
        return _SPELLINGS[found[1]]
    return _all().get(code)


def described() -> Iterator[tuple[str, Meaning]]:
    """Every code with its meaning, ours first; those of receipts stand for all their numbers."""
    yield from _all().items()
    for state, told in _STATES.items():
        yield f"carrier_{state}", told


@cache
def _all() -> dict[str, Meaning]:
    refusals = {verdict.code: _refusal(verdict.code) for verdict in TABLE.values() if verdict.outcome is Outcome.FINAL}
    return {**_OURS, **dict(sorted(refusals.items()))}


def _refusal(code: str) -> Meaning:
    if code in _SENDER:
        return _REFUSED["invalid_sender"]
    if code in _NUMBER:
        return _REFUSED["invalid_destination"]
    return _REFUSED.get(code, _REST)
