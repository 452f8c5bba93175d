"""``Idempotency-Key`` on requests that make one thing: the thing once, however often they are sent.

As with sends, a fingerprint of the request and the id of what it made are kept for a day, and never the answer. A
repeat reads the thing as it is now, without the secret that only the first answer held.
"""

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from django.db import connections, transaction
from django.db.models import Model, QuerySet
from rest_framework.response import Response

from messaging.acceptance import KEPT, Idempotency
from messaging.gate import idempotency_of
from messaging.models import IdempotencyKey
from smsplatform.lib.api.problems import Problem
from smsplatform.lib.api.views import ApiView

REPLAYED = {"Idempotent-Replayed": "true"}
CODES = ("invalid_idempotency_key", "idempotency_key_reused")

M = TypeVar("M", bound=Model)

# Whoever comes second with a key waits here until the first has committed, and then finds it taken.
_TAKE = """
    INSERT INTO messaging_idempotency_key AS k
        (workspace_id, key_id, digest, fingerprint, message_ids, outcomes, expires_at)
    VALUES (%s, %s, %s, %s, '{}', '{}', %s)
    ON CONFLICT (workspace_id, key_id, digest) DO UPDATE
        SET fingerprint = excluded.fingerprint, message_ids = '{}', outcomes = '{}', expires_at = excluded.expires_at
        WHERE k.expires_at <= %s
    RETURNING true"""


def key_of(view: ApiView) -> Idempotency | None:
    """The request's ``Idempotency-Key``. Raises ``Problem``."""
    value = view.request.headers.get("Idempotency-Key")
    if value is None:
        return None
    return idempotency_of(view.request.path, {b"idempotency-key": value.encode("latin-1", "replace")}, view.raw())


def once(
    view: ApiView,
    make: Callable[[], tuple[UUID, Response]],
    *,
    rows: "QuerySet[M]",
    shown: Callable[[M], dict[str, Any]],
    status: int = 201,
) -> Response:
    """What ``make`` answers; for a repeat the thing it made, found in ``rows`` and ``shown``.

    A request that is refused leaves no trace and may be repeated. Raises ``Problem`` for a key used with another body.
    """
    key = key_of(view)
    if key is None:
        return make()[1]
    with transaction.atomic():
        if _taken(view, key):
            made, answer = make()
            _mine(view, key).update(message_ids=[made], outcomes=["ok"])
            return answer
    before = _mine(view, key).get()
    if bytes(before.fingerprint) != key.fingerprint:
        raise Problem.single("idempotency_key_reused")
    row = rows.filter(pk=before.message_ids[0]).first()
    if row is None:
        raise Problem.single("not_found", detail="What this key made was deleted since.")
    return Response(shown(row), status, headers=REPLAYED)


def _taken(view: ApiView, key: Idempotency) -> bool:
    with connections["default"].cursor() as cursor:
        kept_until = view.at + KEPT
        cursor.execute(_TAKE, [view.workspace_id, view.key_id, key.digest, key.fingerprint, kept_until, view.at])
        return cursor.fetchone() is not None


def _mine(view: ApiView, key: Idempotency) -> "QuerySet[IdempotencyKey]":
    return IdempotencyKey.objects.filter(workspace_id=view.workspace_id, key_id=view.key_id, digest=key.digest)
