"""The breach desk: the register of incidents, each with its clocks, whom it concerns, and what was done.

Every member of staff reads; admins act. Workspaces are shown as ids and counts, so no grant is needed.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from markdown_it import MarkdownIt

from accounts import incidents
from accounts.access import staff_page
from accounts.models.user import StaffRole
from messaging import incidents as webhooks
from privacy import registry
from privacy.breaches import clocks, notices, register, security_txt, wording
from privacy.models import Incident, IncidentEntry
from smsplatform.lib import clock, ids
from smsplatform.views.staff.breach_forms import (
    AssessForm,
    MeasureForm,
    OpenForm,
    ScopeForm,
    TellForm,
    WaiveForm,
    refuse,
)

RUNBOOK = settings.ROOT / "docs" / "runbooks" / "breach.md"
LISTED = 50
Audience = IncidentEntry.Audience


@staff_page()
@require_GET
def breaches(request: HttpRequest) -> HttpResponse:
    """The register, the running clocks of each, and whether weaknesses can be reported."""
    at = clock.now()
    rows = Incident.objects.using(register.DATABASE).prefetch_related("entries").order_by("-id")[:LISTED]
    drills = Incident.objects.using(register.DATABASE).filter(drill=True).order_by("-id")
    context = {
        "incidents": [(row, clocks.of(row, row.entries.all(), at=at)) for row in rows],
        "last_drill": drills.first(),
        "expires": security_txt.expires(),
        "expired": security_txt.expires() <= at,
        "admin": _may_act(request),
    }
    return render(request, "staff/breaches.html", context)


@staff_page()
@require_http_methods(["GET", "POST"])
def breach_new(request: HttpRequest) -> HttpResponse:
    """Open an incident, or a drill."""
    at = clock.now()
    initial = {"aware_at": at, "drill": "drill" in request.GET}
    form = OpenForm(_posted(request), initial=initial)
    made: list[Incident] = []

    def act(by: UUID) -> None:
        made.append(register.open_incident(register.Facts(**form.cleaned_data), by=by, at=at))

    if _done(request, form, act):
        return redirect("staff_breach", ids.encode(ids.INCIDENT, made[0].pk))
    return _form(request, "staff/breach_new.html", form, {})


@staff_page()
@require_GET
def breach(request: HttpRequest, incident_id: str) -> HttpResponse:
    """An incident: clocks, whom it concerns, what was done."""
    return render(request, "staff/breach.html", _context(request, _found(incident_id), MeasureForm()))


@staff_page()
@require_http_methods(["GET", "POST"])
def breach_scope(request: HttpRequest, incident_id: str) -> HttpResponse:
    """Ask the inventory whom it concerns."""
    incident = _found(incident_id)
    form = ScopeForm(_posted(request), initial=incident.scope | {"workspaces": "", "actor": ""})
    if _done(request, form, lambda by: register.set_scope(incident, form.scope(), by=by, at=clock.now())):
        return redirect("staff_breach", incident_id)
    return _form(request, "staff/breach_scope.html", form, {"incident": incident})


@staff_page()
@require_http_methods(["GET", "POST"])
def breach_assess(request: HttpRequest, incident_id: str) -> HttpResponse:
    """Assess the risk."""
    incident = _found(incident_id)
    known = {"risk": incident.risk, "reasons": incident.risk_reasons, "sealed_only": incident.sealed_only}
    form = AssessForm(_posted(request), initial=known)
    if _done(request, form, lambda by: register.assess(incident, **form.cleaned_data, by=by, at=clock.now())):
        return redirect("staff_breach", incident_id)
    return _form(request, "staff/breach_assess.html", form, {"incident": incident})


@staff_page()
@require_POST
def breach_measure(request: HttpRequest, incident_id: str) -> HttpResponse:
    """Keep what was done."""
    incident = _found(incident_id)
    form = MeasureForm(request.POST)
    if _done(request, form, lambda by: register.add_measure(incident, **form.cleaned_data, by=by, at=clock.now())):
        return redirect("staff_breach", incident_id)
    return render(request, "staff/breach.html", _context(request, incident, form), status=422)


@staff_page()
@require_POST
def breach_revoke(request: HttpRequest, incident_id: str) -> HttpResponse:
    """Take accesses away now: keys or sessions of the workspaces concerned, or the sessions of staff."""
    incident, by, at = _found(incident_id), _acting(request), clock.now()
    what = request.POST.get("what", "")
    if what not in _REVOKE:
        raise Http404
    if incident.closed_at is not None:
        messages.error(request, _("This incident is closed."))
        return redirect("staff_breach", incident_id)
    affected = list(incident.affected.using(register.DATABASE).values_list("workspace_id", flat=True))
    count = _would(what, affected) if incident.drill else _REVOKE[what](affected, by, at)
    register.note_revoked(incident, what=what, count=count, by=by, at=at)
    words = _("Drill: %(count)d would have been revoked.") if incident.drill else _("%(count)d revoked.")
    messages.warning(request, words % {"count": count})
    return redirect("staff_breach", incident_id)


@staff_page()
@require_http_methods(["GET", "POST"])
def breach_tell(request: HttpRequest, incident_id: str, audience: str) -> HttpResponse:
    """The words for an audience: keep them as a draft, send them, or decide with reasons not to."""
    incident = _found(incident_id)
    if audience not in Audience.values:
        raise Http404
    step = request.POST.get("step", "")
    form = TellForm(request.POST if step in ("draft", "send") else None, initial=wording.draft(incident, audience))
    waiver = WaiveForm(request.POST if step == "waive" else None)
    if step == "waive":
        done = _done(request, waiver, lambda by: _waive(incident, audience, waiver, by))
    else:
        done = _done(request, form, lambda by: _tell(incident, audience, form, by, send=step == "send"))
    if done:
        return redirect("staff_breach", incident_id)
    running = next(one for one in _clocks(incident) if one.audience == audience)
    context = {"incident": incident, "clock": running, "waiver": waiver, "audience": audience}
    return _form(request, "staff/breach_tell.html", form, context, refused=bool(form.errors or waiver.errors))


@staff_page()
@require_POST
def breach_close(request: HttpRequest, incident_id: str) -> HttpResponse:
    """End the work on an incident."""
    incident = _found(incident_id)
    form = forms.Form(request.POST)
    if not _done(request, form, lambda by: register.close(incident, by=by, at=clock.now())):
        for error in form.non_field_errors():
            messages.error(request, str(error))
    return redirect("staff_breach", incident_id)


@staff_page()
@require_GET
def breach_report(request: HttpRequest, incident_id: str) -> HttpResponse:
    """What an authority asks for, on paper."""
    return render(request, "staff/breach_report.html", _context(request, _found(incident_id), MeasureForm()))


@staff_page()
@require_GET
def breach_runbook(request: HttpRequest) -> HttpResponse:
    """What to do, in order."""
    content = SafeString(MarkdownIt("commonmark").enable("table").render(RUNBOOK.read_text()))
    return render(request, "staff/breach_runbook.html", {"content": content})


def _end_keys(affected: list[UUID], by: UUID, at: Any) -> int:
    return incidents.revoke_keys(affected, by=by, at=at)


def _end_sessions(affected: list[UUID], by: UUID, at: Any) -> int:
    return incidents.end_sessions(affected, by=by, at=at)


def _end_staff(affected: list[UUID], by: UUID, at: Any) -> int:
    return incidents.end_staff_sessions(by=by, at=at)


_REVOKE: dict[str, Callable[[list[UUID], UUID, Any], int]] = {
    "keys": _end_keys,
    "sessions": _end_sessions,
    "staff": _end_staff,
}


def _would(what: str, affected: list[UUID]) -> int:
    """How many a drill would have reached."""
    if what == "staff":
        return incidents.staff_signed_in()
    return incidents.valid_keys(affected) if what == "keys" else incidents.signed_in(affected)


def _tell(incident: Incident, audience: str, form: TellForm, by: UUID, *, send: bool) -> None:
    said, at = form.cleaned_data, clock.now()
    words = {"title": said["title"], "text": said["text"]}
    register.save_draft(incident, audience=audience, **words, by=by, at=at)
    if not send:
        return
    rest = {**words, "late_reason": said["late_reason"], "by": by, "at": at}
    if audience == Audience.AUTHORITY:
        register.report(incident, reference=said["reference"], **rest)
        return
    register.tell(incident, audience=audience, **rest)
    notices.publish_now.soon()


def _waive(incident: Incident, audience: str, form: WaiveForm, by: UUID) -> None:
    register.waive(incident, audience=audience, **form.cleaned_data, by=by, at=clock.now())


def _posted(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _done(request: HttpRequest, form: forms.Form, act: Callable[[UUID], object]) -> bool:
    """Whether what was asked for was done; if not, the form says why. Raises PermissionDenied for who only reads."""
    if request.method != "POST":
        return False
    by = _acting(request)
    if not form.is_valid():
        return False
    try:
        act(by)
    except ValueError as error:
        refuse(form, error)
        return False
    return True


def _form(
    request: HttpRequest, template: str, form: forms.Form, context: dict[str, Any], *, refused: bool = False
) -> HttpResponse:
    status = 422 if form.errors or refused else 200
    return render(request, template, {"form": form, "admin": _may_act(request), **context}, status=status)


def _context(request: HttpRequest, incident: Incident, form: MeasureForm) -> dict[str, Any]:
    entries = list(incident.entries.using(register.DATABASE).order_by("id"))
    told = notices.proofs([entry for entry in entries if entry.kind == "notified"])
    labels = {subject.key: subject.label for subject in registry.subjects()}
    affected = incident.affected.using(register.DATABASE)
    return {
        "incident": incident,
        "public_id": ids.encode(ids.INCIDENT, incident.pk),
        "clocks": clocks.of(incident, entries, at=clock.now()),
        "entries": entries,
        "kinds": wording.kinds(incident),
        "affected": affected.count(),
        "listed": [(str(row), row.rows, _named(row.subjects, labels)) for row in affected.order_by("-rows")[:20]],
        "subjects": _named(incident.subjects, labels),
        "rows": [(_name_of(model), count) for model, count in incident.rows.items()],
        "told": len(told),
        "mails": sum(notice.mails for notice in told),
        "mails_waiting": incidents.mails_waiting([notice.pk for notice in told]),
        "seen": sum(notice.seen_at is not None for notice in told),
        "deliveries": webhooks.proof([notice.pk for notice in told]) if told else {},
        "admin": _may_act(request),
        "form": form,
    }


def _named(subjects: dict[str, int], labels: dict[str, str]) -> list[tuple[str, int]]:
    return [(labels.get(key, key), count) for key, count in sorted(subjects.items())]


def _name_of(model: str) -> str:
    try:
        return registry.policy_of(model).name
    except registry.NotDeclared:
        return model


def _clocks(incident: Incident) -> list[clocks.Clock]:
    return clocks.of(incident, incident.entries.using(register.DATABASE).all(), at=clock.now())


def _found(incident_id: str) -> Incident:
    try:
        key = ids.decode(ids.INCIDENT, incident_id)
        return Incident.objects.using(register.DATABASE).get(pk=key)
    except (ids.InvalidId, Incident.DoesNotExist):
        raise Http404 from None


def _may_act(request: HttpRequest) -> bool:
    return getattr(request.user, "staff_role", "") == StaffRole.ADMIN


def _acting(request: HttpRequest) -> UUID:
    """Who acts. Raises PermissionDenied for who only reads."""
    if not _may_act(request):
        raise PermissionDenied
    key: UUID = request.user.pk  # type: ignore[assignment]  # staff have signed in
    return key
