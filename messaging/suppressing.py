"""Putting a number on a workspace's suppression list, and taking it off."""

import datetime as dt
from uuid import UUID

from messaging.drafting import number_index
from messaging.models import Suppression
from privacy import audit, keyring
from smsplatform.lib import phone
from smsplatform.lib.api.problems import Problem

# What carriers of North America demand (CTIA), and the words of languages we speak and of their neighbours.
_WORDS = """stop, stop all, stopall, unsubscribe, cancel, end, quit, revoke, opt out, optout, opt-out,
stopp, abmelden, abbestellen, arret, arrêt, parar, cancelar, baja, alto, afmelden"""
STOP_WORDS = frozenset(word.strip() for word in _WORDS.split(","))


def suppress(
    *, workspace: UUID, to: str, reason: str, sandbox: bool, by: UUID, at: dt.datetime
) -> tuple[Suppression, bool]:
    """The entry for a number, and whether it is new. Only a keyed digest is stored. Raises ``Problem``."""
    try:
        number = phone.parse(to, sandbox=sandbox)
    except phone.InvalidNumber as error:
        raise Problem.single(error.code, "#/to") from None
    return put(workspace=workspace, msisdn=number.e164, reason=reason, source=Suppression.Source.API, by=by, at=at)


def put(
    *, workspace: UUID, msisdn: str, reason: str, source: str, by: UUID, at: dt.datetime
) -> tuple[Suppression, bool]:
    """The entry for a number in E.164, in the open scope, and whether it is new.

    The one way in: for the API, for what people ask of us, and for words they answer with. Acceptance refuses the
    number from this commit on, and the claim what was accepted before.
    """
    index = keyring.key(workspace, keyring.Purpose.INDEX)
    row, made = Suppression.objects.get_or_create(
        workspace_id=workspace,
        to_idx=number_index(index, msisdn),
        reason=reason,
        defaults={"created_at": at, "source": source},
    )
    if made:
        _record("created", row, by, at)
    return row, made


def heard(*, workspace: UUID, msisdn: str, text: str, at: dt.datetime) -> bool:
    """Whether somebody answered with a word that means stop; then their number is suppressed, in the open scope."""
    if not is_stop(text):
        return False
    put(
        workspace=workspace, msisdn=msisdn, reason=Suppression.Reason.OPT_OUT, source=Suppression.Source.KEYWORD,
        by=workspace, at=at,
    )  # fmt: skip
    return True


def is_stop(text: str) -> bool:
    """Whether a text is one of the words, alone or followed by nothing that matters."""
    return text.strip().strip(".!\"'").casefold() in STOP_WORDS


def lift(*, suppression: Suppression, by: UUID, at: dt.datetime) -> None:
    """Remove an opt-out. Raises ``Problem`` for what a person's right has put there."""
    if suppression.reason != Suppression.Reason.OPT_OUT:
        raise Problem.single("permission_denied", detail="An objection or restriction is not lifted by an API key.")
    _record("deleted", suppression, by, at)
    suppression.delete()


def _record(what: str, row: Suppression, by: UUID, at: dt.datetime) -> None:
    details = {"suppression": str(row.id), "reason": row.reason}
    audit.record(action=f"user:suppression:{what}", workspace=row.workspace_id, actor=by, at=at, details=details)
