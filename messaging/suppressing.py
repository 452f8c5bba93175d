"""Putting a number on a workspace's suppression list, and taking it off."""

import datetime as dt
from uuid import UUID

from messaging.drafting import number_index
from messaging.models import Suppression
from privacy import audit, keyring
from smsplatform.lib import phone
from smsplatform.lib.api.problems import Problem


def suppress(
    *, workspace: UUID, to: str, reason: str, sandbox: bool, by: UUID, at: dt.datetime
) -> tuple[Suppression, bool]:
    """The entry for a number, and whether it is new. Only a keyed digest is stored. Raises ``Problem``."""
    try:
        number = phone.parse(to, sandbox=sandbox)
    except phone.InvalidNumber as error:
        raise Problem.single(error.code, "#/to") from None
    index = keyring.key(workspace, keyring.Purpose.INDEX)
    row, made = Suppression.objects.get_or_create(
        workspace_id=workspace,
        to_idx=number_index(index, number.e164),
        reason=reason,
        defaults={"created_at": at},
    )
    if made:
        _record("created", row, by, at)
    return row, made


def lift(*, suppression: Suppression, by: UUID, at: dt.datetime) -> None:
    """Remove an opt-out. Raises ``Problem`` for what a person's right has put there."""
    if suppression.reason != Suppression.Reason.OPT_OUT:
        raise Problem.single("permission_denied", detail="An objection or restriction is not lifted by an API key.")
    _record("deleted", suppression, by, at)
    suppression.delete()


def _record(what: str, row: Suppression, by: UUID, at: dt.datetime) -> None:
    details = {"suppression": str(row.id), "reason": row.reason}
    audit.record(action=f"user:suppression:{what}", workspace=row.workspace_id, actor=by, at=at, details=details)
