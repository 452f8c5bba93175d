"""What a repeated request is answered: what its first one made, read again as it is now."""

from collections.abc import Sequence
from typing import Any

from messaging import presenting
from messaging.acceptance import Idempotency, Replay, replay_of
from messaging.drafting import Draft, Source
from messaging.models import Message
from smsplatform.lib import clock
from smsplatform.lib.api.problems import Problem
from smsplatform.lib.tenancy import scope


def replayed(source: Source, key: Idempotency, results: Sequence[Draft | Problem] | None = None) -> dict[str, Any]:
    """The answer that this key's first request got, read again from what it made; ``results`` of a batch this time."""
    with scope.workspace(source.workspace_id):
        before = replay_of(source, key)
        if before is None:
            raise Problem.single("idempotency_in_progress", Retry_After="1")
        if before.fingerprint != key.fingerprint:
            raise Problem.single("idempotency_key_reused")
        return _shown_again(before, results)


def replayed_or(problem: Problem, source: Source, key: Idempotency | None) -> dict[str, Any]:
    """The first answer to a repeat that has become invalid since (its ``expires_at`` is over), else the problem."""
    if key is None:
        raise problem
    with scope.workspace(source.workspace_id):
        known = replay_of(source, key) is not None
    if not known:
        raise problem
    return replayed(source, key)


def _shown_again(before: Replay, results: Sequence[Draft | Problem] | None) -> dict[str, Any]:
    at = clock.now()
    wanted = [message_id for message_id in before.message_ids if message_id]
    rows = Message.objects.with_state().readable(at=at).filter(id__in=wanted)
    shown = {row.id: data for row, data in zip(rows, presenting.of_rows(list(rows), at=at, codes=True), strict=True)}
    if results is not None:
        return presenting.batch_again(before.message_ids, before.outcomes, shown, results)
    if wanted[0] not in shown:
        raise Problem.single("not_found", detail="The message that this key made was erased since.")
    return shown[wanted[0]]
