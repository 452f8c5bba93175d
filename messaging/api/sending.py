"""The steps of sending that the views share with the gate: limit, draft, accept, answer.

In production the gate answers ``POST /v1/messages`` and ``/batch`` before Django sees them. The views stand behind it
with the same rules, for the documentation, for other servers, and so that one contract suite can hold both to it.
"""

import datetime as dt
from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from rest_framework.response import Response

from accounts import keys
from accounts.keys import KeyInfo
from messaging import sources, submission
from messaging.acceptance import REPLAY, Idempotency, Order, accept_now
from messaging.api.once import REPLAYED
from messaging.drafting import Draft, SendRequest, Source, plan, seal
from messaging.replaying import replayed, replayed_or
from privacy import keyring
from smsplatform.lib import limits
from smsplatform.lib.api.problems import Problem


def limit(info: KeyInfo, count: int) -> dict[str, str]:
    """Spend ``count`` of the key's messages per second and day; headers that say what is left. Raises ``Problem``."""
    entries = [
        (one, limits.take(one.subject, count=count, limit=one.limit, window_seconds=one.seconds))
        for one in keys.windows(info)
    ]
    named = limits.headers(entries)
    if not all(decision.allowed for _, decision in entries):
        raise Problem("rate_limited", headers=named)
    return named


def drafted(request: SendRequest, source: Source, *, at: dt.datetime, batch_id: UUID | None = None) -> Draft:
    """The request checked, priced and sealed. Raises ``Problem``."""
    made = plan(request, source, at=at)
    key = keyring.body_key(source.workspace_id, made.body_expires_at.date())
    callback_id = sources.callback(source, request.status_callback) if request.status_callback else None
    return seal(made, source, key, batch_id=batch_id, callback_id=callback_id)


def accepted(drafts: Sequence[Draft], source: Source, key: Idempotency | None, *, at: dt.datetime) -> list[str]:
    """One word per draft; carriers are woken once the commit is done."""
    outcomes = accept_now(Order(source=source, drafts=drafts, idempotency=key, at=at)) if drafts else []
    taken = [draft for draft, outcome in zip(drafts, outcomes, strict=True) if outcome == "ok"]
    for carrier in {draft.plan.carrier for draft in taken if draft.plan.send_at is None}:
        transaction.on_commit(partial(submission.wake, carrier))
    return outcomes


def is_replay(outcomes: Sequence[str], key: Idempotency | None) -> bool:
    """Whether this key was used before."""
    return key is not None and REPLAY in outcomes


def again_or(problem: Problem, source: Source, key: Idempotency | None) -> Response:
    """A repeated request may have become invalid since (its ``expires_at`` is over): its first answer still stands."""
    content = replayed_or(problem, source, key)
    return Response(content, 202, headers=REPLAYED)


def again(source: Source, key: Idempotency, results: Sequence[Draft | Problem] | None = None) -> Response:
    """The answer that the key's first request got; ``results`` of a batch this time."""
    content: dict[str, Any] = replayed(source, key, results)
    return Response(content, 202, headers=REPLAYED)
