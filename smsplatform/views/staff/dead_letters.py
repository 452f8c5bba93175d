"""What did not get through and nobody tries any more, with a button each. Ids and counts, nothing of customers."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import staff_page
from messaging import operation
from messaging.models import Carrier
from messaging.operation import Act, FailedExport, GivenUp, Stuck
from privacy import audit, retention
from privacy.models import PurgeRun
from smsplatform.forms import ActForm
from smsplatform.lib import clock, ids, lookups
from smsplatform.views.staff.operators import OPERATORS, operates

RUNS_BACK = dt.timedelta(days=7)


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """Something dead: of what kind, whose (a workspace's id), what it is, how many, since when, and why."""

    kind: str
    subject: str
    workspace: str
    what: str
    count: int
    at: dt.datetime | None
    why: str


@staff_page()
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """The newest first, by kind."""
    context = {"letters": letters(at=clock.now()), "may_change": operates(request)}
    return render(request, "staff/dead_letters.html", context)


@staff_page(*OPERATORS)
@require_http_methods(["GET", "POST"])
def retry(request: HttpRequest, kind: str, subject: str) -> HttpResponse:
    """Try something again, with a reason."""
    if kind not in RETRIES:
        raise Http404
    form = ActForm(request.POST or None)
    if not form.is_valid():
        context = {
            "title": _("Try again"), "subject": subject, "form": form,
            "says": _("What failed is tried from the beginning. Receivers tell doubles apart by the event's id."),
            "back": "staff_dead_letters", "back_label": _("Dead letters"),
        }  # fmt: skip
        return render(request, "staff/act.html", context, status=422 if form.is_bound else 200)
    assert request.user.pk is not None
    messages.info(request, RETRIES[kind](subject, form.act(request.user.pk)))
    return redirect("staff_dead_letters")


def letters(*, at: dt.datetime) -> list[Letter]:
    """All of them; one query per kind."""
    names = dict(Carrier.objects.using("system").values_list("id", "name"))
    return [
        *(_of_delivery(found) for found in operation.given_up(at=at)),
        *(_of_queue(found, names) for found in operation.stuck(at=at)),
        *(_of_export(found) for found in operation.failed_exports(at=at)),
        *(_of_purge(found) for found in failed_purges(at=at)),
    ]


def failed_purges(*, at: dt.datetime) -> list[PurgeRun]:
    """Units whose last purge failed."""
    runs = PurgeRun.objects.using("system").filter(started_at__gte=at - RUNS_BACK, finished_at__isnull=False)
    newest = runs.order_by("unit", "-id").distinct("unit")
    return [run for run in newest if run.error]


def _of_delivery(found: GivenUp) -> Letter:
    answer = str(found.last_status or found.last_error or "")
    return Letter(
        kind="deliveries", subject=ids.encode(ids.WEBHOOK, found.endpoint),
        workspace=ids.encode(ids.WORKSPACE, found.workspace), what=_("Webhook deliveries given up"),
        count=found.deliveries, at=found.newest_at, why=answer,
    )  # fmt: skip


def _of_queue(found: Stuck, names: dict[UUID, str]) -> Letter:
    return Letter(
        kind="queue", subject=ids.encode(ids.CARRIER, found.carrier), workspace="",
        what=_("Messages that nobody sends: %(carrier)s") % {"carrier": names.get(found.carrier, "?")},
        count=found.messages, at=found.oldest_at, why=_("due for more than 15 minutes"),
    )  # fmt: skip


def _of_export(found: FailedExport) -> Letter:
    return Letter(
        kind="export", subject=ids.encode(ids.EXPORT, found.id), workspace=ids.encode(ids.WORKSPACE, found.workspace),
        what=_("Export not finished"), count=1, at=found.finished_at, why=found.error,
    )  # fmt: skip


def _of_purge(found: PurgeRun) -> Letter:
    return Letter(
        kind="purge", subject=found.unit, workspace="", what=_("Purge failed: %(unit)s") % {"unit": found.unit},
        count=1, at=found.finished_at, why=found.error,
    )  # fmt: skip


# Trying again


def _deliveries(subject: str, act: Act) -> str:
    count = operation.retry_deliveries(endpoint=lookups.named(ids.WEBHOOK, subject), act=act)
    return ngettext("%(count)d delivery is tried again.", "%(count)d deliveries are tried again.", count) % {
        "count": count
    }


def _queue(subject: str, act: Act) -> str:
    operation.push(carrier=lookups.named(ids.CARRIER, subject), act=act)
    return _("The carrier's workers were woken.")


def _export(subject: str, act: Act) -> str:
    if not operation.retry_export(export=lookups.named(ids.EXPORT, subject), act=act):
        raise Http404
    return _("The export goes on.")


def _purge(subject: str, act: Act) -> str:
    audit.record(
        action="staff:purge:started", workspace=audit.PLATFORM, actor=act.by, at=act.at,
        details={"why": act.why, "ticket": act.ticket},
    )  # fmt: skip
    retention.purge_now.apply_async()
    return _("The purge was started.")


RETRIES = {"deliveries": _deliveries, "queue": _queue, "export": _export, "purge": _purge}
