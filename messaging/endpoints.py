"""Webhook endpoints: making, changing, testing and replaying them."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import connections
from django.db.models import Q

from messaging.models import Delivery, WebhookEndpoint
from messaging.models.webhook import DEFAULT_TYPES, EVENT_TYPES
from privacy import audit, ciphers
from privacy.ciphers import DataKey
from smsplatform.lib import http, ids, signing
from smsplatform.lib.api.problems import FieldError, Problem
from smsplatform.lib.tenancy import scope

ENDPOINTS_MAX = 20
CALLBACKS_MAX = 100
REPLAY_MAX = 10_000  # deliveries that a person makes again at once
HEALTH_OF = 5000  # the newest deliveries of a workspace tell how its endpoints are
HEALTH_KEPT = dt.timedelta(days=30)
OVERLAP = dt.timedelta(hours=24)
TEST_TYPE = "webhook.test"
TYPES_SHOWN = ", ".join(EVENT_TYPES)


def create(
    *,
    workspace: UUID,
    livemode: bool,
    values: Mapping[str, Any],
    by: UUID | None,
    at: dt.datetime,
    id: UUID | None = None,
) -> WebhookEndpoint:
    """A new endpoint in the open scope; ``values`` as of ``change``, and what it signs by.

    Raises ``Problem``, and ``IntegrityError`` for an ``id`` that is taken.
    """
    if WebhookEndpoint.objects.filter(workspace_id=workspace, callback_idx=None).count() >= ENDPOINTS_MAX:
        raise Problem.single("too_many_endpoints")
    given = {"types": (), **values}
    secret = signing.new_secret(given.pop("signature", signing.Scheme.HMAC))
    endpoint = WebhookEndpoint(
        id=id or ids.uuid7(), workspace_id=workspace, livemode=livemode, secret=secret, created_at=at, **checked(given)
    )
    endpoint.save(force_insert=True)
    _record("created", endpoint, by, at)
    return endpoint


def for_callback(*, workspace: UUID, livemode: bool, url: str, index: DataKey, at: dt.datetime) -> UUID:
    """The endpoint that hears final states of messages naming ``url``. Raises ``Problem`` at ``status_callback``."""
    found = ciphers.blind_index(index, "messaging.WebhookEndpoint.url", url)
    ours = WebhookEndpoint.objects.filter(workspace_id=workspace, livemode=livemode)
    if known := ours.filter(callback_idx=found).values_list("id", flat=True).first():
        return known
    check_callback(url)
    with connections["default"].cursor() as cursor:  # who makes one waits here, until those before can be counted
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"callbacks {workspace} {livemode}"])
    made = set(ours.filter(callback_idx__isnull=False).values_list("callback_idx", flat=True))
    if len(made) >= CALLBACKS_MAX and found not in made:
        raise Problem.single("too_many_callbacks", "#/status_callback")
    endpoint = WebhookEndpoint(
        workspace_id=workspace, livemode=livemode, url=url, secret=signing.new_secret(), types=[], callback_idx=found,
        description="status_callback", created_at=at,
    )  # fmt: skip
    WebhookEndpoint.objects.bulk_create([endpoint], ignore_conflicts=True)
    return ours.values_list("id", flat=True).get(callback_idx=found)


def check_callback(url: str) -> None:
    """Raises ``Problem`` at ``status_callback`` for an address that gets no events."""
    if faults := _url_faults(url):
        raise Problem.of([FieldError(pointer="#/status_callback", code=fault.code) for fault in faults])


def change(*, endpoint: WebhookEndpoint, values: Mapping[str, Any], by: UUID | None, at: dt.datetime) -> None:
    """Set url, types, content, description or enabled. Raises ``Problem``."""
    for name, value in checked(values).items():
        setattr(endpoint, name, value)
    if endpoint.enabled:
        endpoint.disabled_reason = ""
    elif values.get("enabled") is False:
        endpoint.disabled_reason = "by_hand"
    endpoint.save(force_update=True)
    _record("changed", endpoint, by, at)


def checked(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as they are stored. Raises ``Problem`` with every fault."""
    faults = [*_url_faults(values.get("url")), *_type_faults(values.get("types") or ())]
    if faults:
        raise Problem.of(faults)
    found = dict(values)
    if "types" in found:
        found["types"] = list(dict.fromkeys(found["types"] or DEFAULT_TYPES))
    return found


def _url_faults(url: str | None) -> list[FieldError]:
    if url is None:
        return []
    try:
        http.check_url(url, allowed_hosts=settings.WEBHOOK_PRIVATE_HOSTS)
    except http.ForbiddenUrl as error:
        return [FieldError(pointer="#/url", code=error.code)]
    return []


def _type_faults(types: Sequence[str]) -> list[FieldError]:
    return [
        FieldError(pointer=f"#/types/{index}", code="unknown_event_type", detail=f"Known are {TYPES_SHOWN}.")
        for index, name in enumerate(types)
        if name not in EVENT_TYPES
    ]


def rotate_secret(*, endpoint: WebhookEndpoint, signature: str | None = None, by: UUID | None, at: dt.datetime) -> None:
    """A new secret, for another ``signature`` if that is given; the one before signs along for a day."""
    made = signing.new_secret(signature or endpoint.signature)
    endpoint.previous_secret, endpoint.previous_until, endpoint.secret = endpoint.secret, at + OVERLAP, made
    endpoint.save(force_update=True)
    _record("secret_rotated", endpoint, by, at)


def delete(*, endpoint: WebhookEndpoint, by: UUID | None, at: dt.datetime) -> None:
    """Remove an endpoint; what waits for it is dropped when its turn comes."""
    _record("deleted", endpoint, by, at)
    endpoint.delete()


def test(*, endpoint: WebhookEndpoint, by: UUID | None, at: dt.datetime) -> UUID:
    """Queue a test event; the delivery's id. Raises ``Problem`` for a disabled endpoint."""
    arguments: list[Any] = [scope.token(endpoint.workspace_id), endpoint.id, TEST_TYPE, at]
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT pipeline.test_event(%s, %s, %s, %s)", arguments)
        found: UUID | None = cursor.fetchone()[0]
    if found is None:
        raise Problem.single("endpoint_disabled")
    _record("tested", endpoint, by, at)
    return found


def replay(
    *,
    workspace: UUID,
    endpoint: UUID | None = None,
    delivery: UUID | None = None,
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
    failed_only: bool = False,
    by: UUID | None,
    at: dt.datetime,
) -> int:
    """Make deliveries again that are finished or wait for their next attempt, with their event ids; how many.

    Disabled endpoints get none.
    """
    arguments: list[Any] = [scope.token(workspace), endpoint, delivery, since, until, failed_only, at]
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT pipeline.replay_deliveries(%s, %s, %s, %s, %s, %s, %s)", arguments)
        count: int = cursor.fetchone()[0]
    if count:
        details = {"count": str(count)} | {k: str(v) for k, v in (("endpoint", endpoint), ("delivery", delivery)) if v}
        audit.record(action="user:webhook_delivery:replayed", workspace=workspace, actor=by, at=at, details=details)
    return count


def replayable(
    *, endpoint: WebhookEndpoint, since: dt.datetime, until: dt.datetime, failed_only: bool, at: dt.datetime
) -> int:
    """How many deliveries ``replay`` would make again, at most one more than ``REPLAY_MAX``."""
    over = [Delivery.State.DELIVERED, Delivery.State.EXHAUSTED, Delivery.State.DROPPED]
    wanted = Q(state__in=over[1:] if failed_only else over) | waiting(at)
    rows = Delivery.objects.filter(
        wanted, workspace_id=endpoint.workspace_id, id__gte=ids.floor(at - 2 * HEALTH_KEPT), endpoint_id=endpoint.id,
        occurred_at__gte=since, occurred_at__lt=until,
    )  # fmt: skip
    return rows[: REPLAY_MAX + 1].count()


def waiting(at: dt.datetime) -> Q:
    """Deliveries that were tried and wait for their next attempt, which need not be waited for."""
    return Q(state=Delivery.State.PENDING, attempts__gt=0, due_at__gt=at)


def waits(delivery: Delivery, at: dt.datetime) -> bool:
    """The same of one that was read already."""
    return delivery.state == Delivery.State.PENDING and delivery.attempts > 0 and delivery.due_at > at


class Health(NamedTuple):
    """How an endpoint did lately: deliveries tried, those without success so far, and when the last one arrived."""

    tried: int
    failed: int
    succeeded_at: dt.datetime | None

    @property
    def failure_percent(self) -> int:
        """Deliveries without success so far, of a hundred."""
        return round(100 * self.failed / self.tried) if self.tried else 0


_HEALTH = """
SELECT endpoint_id, count(*) FILTER (WHERE attempts > 0 AND state <> 'dropped'),
    count(*) FILTER (WHERE last_error <> 'recipient_restricted' AND state NOT IN ('dropped', 'delivered')),
    max(finished_at) FILTER (WHERE state = 'delivered')
FROM (SELECT * FROM messaging_delivery WHERE workspace_id = %s AND id >= %s ORDER BY id DESC LIMIT %s) AS recent
GROUP BY endpoint_id
"""


def health(*, workspace: UUID, at: dt.datetime) -> dict[UUID, Health]:
    """How each endpoint did, told from the newest ``HEALTH_OF`` deliveries of the workspace in the open scope."""
    with connections["default"].cursor() as cursor:
        cursor.execute(_HEALTH, [workspace, ids.floor(at - HEALTH_KEPT), HEALTH_OF])
        return {row[0]: Health(*row[1:]) for row in cursor.fetchall()}


def _record(what: str, endpoint: WebhookEndpoint, by: UUID | None, at: dt.datetime) -> None:
    details = {"endpoint": str(endpoint.id)}
    if what in ("created", "secret_rotated"):
        details["signature"] = endpoint.signature
    audit.record(
        action=f"user:webhook_endpoint:{what}", workspace=endpoint.workspace_id, actor=by, at=at, details=details
    )
