"""Abuse cases for staff: what people reported in their own words, and what was decided.

No grant is needed, because nothing here is a workspace's: see ``privacy.models.AbuseCase``. Looking into the workspace
that is suspected, stopping it, its sender or its key happens on that workspace's pages, under a grant.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages as notices
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import directory, oversight
from accounts.access import staff_page
from accounts.models.user import StaffRole
from privacy.abuse import cases
from privacy.models import AbuseCase, AbuseStep, Hold
from smsplatform.lib import clock, ids, lookups
from smsplatform.views.abuse import ReportForm

DESK = (StaffRole.ADMIN, StaffRole.SUPPORT)
SHOWN = 50
REASON_MAX = 1000
HOLD = "hld"


class NewForm(ReportForm):
    """What a carrier told us, or what staff found."""

    source = forms.ChoiceField(
        label=_("Where is it from?"), choices=AbuseCase.Source.choices[1:], widget=forms.RadioSelect,
        error_messages={"required": _("Choose where it is from.")},
    )  # fmt: skip
    field_order = ("source", "kind", "sender", "text_at", "words", "number", "email")


class StepForm(forms.Form):
    """The next step, and why."""

    to = forms.ChoiceField(label=_("What"), widget=forms.RadioSelect)
    reason = forms.CharField(
        label=_("Reason"), max_length=REASON_MAX, widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Say why, so that others can follow it.")},
    )  # fmt: skip

    def __init__(self, *args: Any, case: AbuseCase, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        labels = dict(AbuseCase.State.choices)
        self.fields["to"].choices = [(state, labels[state]) for state in cases.MOVES[case.state]]  # type: ignore[attr-defined]  # it is a ChoiceField


class TraceForm(forms.Form):
    """Which workspace sent it, and the hold that keeps what it is about."""

    suspect = forms.CharField(
        label=_("Id of the workspace"), max_length=40, required=False,
        widget=forms.TextInput(attrs={"spellcheck": "false"}),
    )  # fmt: skip
    hold = forms.CharField(
        label=_("Id of a legal hold"), max_length=40, required=False,
        widget=forms.TextInput(attrs={"spellcheck": "false"}),
    )  # fmt: skip
    why = forms.CharField(
        label=_("How do you know?"), max_length=REASON_MAX,
        error_messages={"required": _("Say how you know, so that others can follow it.")},
    )  # fmt: skip

    def clean_suspect(self) -> UUID | None:
        """A workspace that exists."""
        text = self.cleaned_data["suspect"].strip()
        if not text:
            return None
        found = directory.get(lookups.entered(ids.WORKSPACE, text))
        if found is None:
            raise forms.ValidationError(_("There is no such workspace."))
        return found.id

    def clean_hold(self) -> UUID | None:
        """A hold that exists."""
        text = self.cleaned_data["hold"].strip()
        if not text:
            return None
        wanted = lookups.entered(HOLD, text)
        if not Hold.objects.using(cases.DATABASE).filter(pk=wanted).exists():
            raise forms.ValidationError(_("There is no such hold."))
        return wanted


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """A line of a case's history."""

    step: AbuseStep
    by: str


@staff_page(*DESK)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """What waits, longest first, and what was decided lately."""
    context = {"waiting": list(cases.waiting()[:SHOWN]), "decided": list(cases.decided()[:SHOWN])}
    return render(request, "staff/abuse.html", context)


@staff_page(*DESK)
@sensitive_post_parameters("sender", "words", "number", "email")
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Write down what a carrier or a colleague told."""
    form = NewForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return render(request, "staff/abuse_new.html", {"form": form}, status=422 if form.is_bound else 200)
    made = cases.report(form.report(), source=form.cleaned_data["source"], by=_me(request), at=clock.now())
    return redirect("staff_abuse_case", str(made))


@staff_page(*DESK)
@require_safe
def show(request: HttpRequest, abuse_case_id: str) -> HttpResponse:
    """One case, its history, and what can be done."""
    case = _found(abuse_case_id)
    return _page(request, case, StepForm(case=case), _trace_form(case))


@staff_page(*DESK)
@require_POST
def move(request: HttpRequest, abuse_case_id: str) -> HttpResponse:
    """Decide the next step."""
    case = _found(abuse_case_id)
    form = StepForm(request.POST, case=case)
    if not form.is_valid():
        return _page(request, case, form, _trace_form(case), status=422)
    try:
        cases.move(case, form.cleaned_data["to"], reason=form.cleaned_data["reason"], by=_me(request), at=clock.now())
    except cases.NotNow:
        notices.error(request, gettext("Somebody decided this case meanwhile."), extra_tags="bad")
    return redirect("staff_abuse_case", abuse_case_id)


@staff_page(*DESK)
@require_POST
def trace(request: HttpRequest, abuse_case_id: str) -> HttpResponse:
    """Say which workspace it was."""
    case, form = _found(abuse_case_id), TraceForm(request.POST)
    if not form.is_valid():
        return _page(request, case, StepForm(case=case), form, status=422)
    said = form.cleaned_data
    try:
        cases.trace(
            case, suspect=said["suspect"], hold=said["hold"], reason=said["why"], by=_me(request), at=clock.now()
        )
    except cases.NotNow:
        notices.error(request, gettext("The case is closed. Open it again to trace it."), extra_tags="bad")
    return redirect("staff_abuse_case", abuse_case_id)


@staff_page(*DESK)
@require_POST
def forget(request: HttpRequest, abuse_case_id: str) -> HttpResponse:
    """Erase who reported it, because they ask."""
    cases.forget(_found(abuse_case_id), by=_me(request), at=clock.now())
    notices.success(request, gettext("Number, address and words are erased. That there was a report stays."))
    return redirect("staff_abuse_case", abuse_case_id)


def _page(
    request: HttpRequest, case: AbuseCase, form: StepForm, trace_form: TraceForm, *, status: int = 200
) -> HttpResponse:
    steps = list(case.steps.using(cases.DATABASE).order_by("id"))
    names = oversight.staff_names({step.by_id for step in steps if step.by_id})
    context = {
        "case": case,
        "history": [Step(step=step, by=oversight.name_of(step.by_id, names)) for step in steps],
        "place": directory.get(case.suspect_id) if case.suspect_id else None,
        "hold": ids.encode(HOLD, case.hold_id) if case.hold_id else "",
        "form": form,
        "trace_form": trace_form,
        "personal": any((case.number, case.email, case.words)),
    }
    return render(request, "staff/abuse_case.html", context, status=status)


def _trace_form(case: AbuseCase) -> TraceForm:
    known = {
        "suspect": ids.encode(ids.WORKSPACE, case.suspect_id) if case.suspect_id else "",
        "hold": ids.encode(HOLD, case.hold_id) if case.hold_id else "",
    }
    return TraceForm(initial=known)


def _found(abuse_case_id: str) -> AbuseCase:
    return lookups.find(AbuseCase.objects.using(cases.DATABASE), ids.ABUSE_CASE, abuse_case_id)


def _me(request: HttpRequest) -> UUID:
    assert request.user.pk is not None  # the page is for staff
    return request.user.pk
