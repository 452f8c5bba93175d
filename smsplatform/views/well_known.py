"""What the audit log publishes of itself: roots of days and their signatures, nothing about anybody.

Whoever keeps a checkpoint can later tell whether the log still begins with what it said then.
"""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from accounts.access import outside, public
from privacy.models import AuditSegment
from privacy.sealing import signing
from privacy.sealing.stored import segment_of

PLAIN = "text/plain; charset=utf-8"


@public
@outside
@require_safe
def checkpoint(request: HttpRequest) -> HttpResponse:
    """The newest signed checkpoint; 404 before the first day was closed."""
    newest = AuditSegment.objects.order_by("-number").values_list("note", flat=True).first()
    if newest is None:
        return HttpResponse("No day of the log is closed yet.\n", content_type=PLAIN, status=404)
    return HttpResponse(newest, content_type=PLAIN)


@public
@outside
@require_safe
def key(request: HttpRequest) -> HttpResponse:
    """The public key that signs checkpoints."""
    return HttpResponse(f"{signing.verifier()}\n", content_type=PLAIN)


@public
@outside
@require_safe
def segments(request: HttpRequest) -> HttpResponse:
    """The tree's entries, one day per line, exactly as they are hashed."""
    lines = [segment_of(row).entry.decode() for row in AuditSegment.objects.order_by("number")]
    return HttpResponse("".join(f"{line}\n" for line in lines), content_type="application/jsonl; charset=utf-8")
