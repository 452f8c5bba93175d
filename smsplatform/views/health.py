"""For load balancers and monitoring: no personal data, no database session kept busy."""

import contextlib
import hmac
import logging

import prometheus_client
from django.conf import settings
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from accounts.access import public
from messaging import operation
from smsplatform import health
from smsplatform.lib import clock

logger = logging.getLogger(__name__)
OLDEST = prometheus_client.Gauge(
    "smsplatform_queue_oldest_seconds", "Seconds by which the oldest due row is late", ["queue"]
)
UNHEARD = prometheus_client.Gauge(
    "smsplatform_texts_not_kept", "Texts from phones that were acknowledged and not kept, since the beginning"
)
UP = prometheus_client.Gauge("smsplatform_part_up", "Whether a part answers", ["part"])


@public
@require_safe
def livez(request: HttpRequest) -> HttpResponse:
    """The process answers. Asks nothing else: a restart of this process would not heal a database."""
    return HttpResponse("ok\n", content_type="text/plain")


@public
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """503 while a part that requests need is away. Late queues are shown but do not take the web out of service."""
    found = health.findings(at=clock.now())
    ready = all(finding.ok for finding in found if finding.name != "queues")
    if not ready:
        logger.warning("not_ready", extra={"parts": [finding.name for finding in found if not finding.ok]})
    parts = {finding.name: "ok" if finding.ok else finding.detail for finding in found}
    return JsonResponse({"ready": ready, "parts": parts}, status=200 if ready else 503)


@public
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus text. Needs ``Authorization: Bearer METRICS_TOKEN``; open in the demo, absent without a token."""
    _check_token(request)
    at = clock.now()
    for finding in health.findings(at=at):
        UP.labels(part=finding.name).set(finding.ok)
    with contextlib.suppress(DatabaseError):  # already said above
        for queue, seconds in health.backlog(at=at).items():
            OLDEST.labels(queue=queue).set(seconds)
        UNHEARD.set(sum(operation.unheard().values()))
    return HttpResponse(prometheus_client.generate_latest(), content_type=prometheus_client.CONTENT_TYPE_LATEST)


def _check_token(request: HttpRequest) -> None:
    """Raises Http404: without the token there is nothing here."""
    expected = f"Bearer {settings.METRICS_TOKEN}" if settings.METRICS_TOKEN else ""
    given = request.headers.get("Authorization", "")
    if not settings.DEMO and not (expected and hmac.compare_digest(given.encode(), expected.encode())):
        raise Http404
