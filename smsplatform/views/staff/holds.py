"""Holds for staff: which data is kept beyond its time, why, who answers for it, and ending that. No customer data."""

import datetime as dt
from uuid import UUID

from django import forms
from django.contrib import messages as notices
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from accounts import directory
from accounts.access import staff_page
from accounts.models.user import StaffRole
from privacy import holds
from privacy.erasure import resuming
from privacy.models import Hold
from privacy.models.hold import REVIEW_MAX
from smsplatform.lib import clock, ids, lookups

PREFIX = "hld"
RELEASED_SHOWN = 20
KEEPS = {
    holds.BODIES: _("Texts"),
    holds.METADATA: _("Numbers, statuses, attempts"),
    holds.SUPPORT: _("Support threads, all of the workspace"),
}
MESSAGES_MAX = 200


class ReviewForm(forms.Form):
    """Until when it is not asked again."""

    review_on = forms.DateField(
        label=_("Review on"), help_text=_("Choose a day within the next 90 days."),
        widget=forms.DateInput(attrs={"type": "date"}),
    )  # fmt: skip

    def clean_review_on(self) -> dt.date:
        """In the future, and within 90 days."""
        day: dt.date = self.cleaned_data["review_on"]
        if not clock.now().date() < day < (clock.now() + REVIEW_MAX).date():
            raise forms.ValidationError(_("Choose a day within the next 90 days."))
        return day


class PlaceForm(ReviewForm):
    """A new case."""

    workspace = forms.CharField(
        label=_("Id of the workspace"), max_length=40, widget=forms.TextInput(attrs={"spellcheck": "false"})
    )
    basis = forms.ChoiceField(label=_("Basis"), choices=Hold.Basis.choices, widget=forms.RadioSelect)
    document = forms.CharField(
        label=_("Reference of the order"), max_length=120, required=False, help_text=_("Court, case number, date.")
    )
    units = forms.MultipleChoiceField(
        label=_("What is kept"),
        choices=tuple(KEEPS.items()),
        widget=forms.CheckboxSelectMultiple,
    )
    messages = forms.CharField(
        label=_("Ids of messages"), required=False, max_length=8000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Separated by spaces or lines. Empty: everything of the workspace."),
    )  # fmt: skip
    reason = forms.CharField(
        label=_("Reason"), max_length=300, help_text=_("What is being looked into; no names, no numbers.")
    )
    field_order = ("workspace", "basis", "document", "units", "messages", "review_on", "reason")

    def clean_workspace(self) -> UUID:
        """The id that its people see in their settings."""
        found = directory.get(lookups.entered(ids.WORKSPACE, self.cleaned_data["workspace"]))
        if found is None:
            raise forms.ValidationError(_("There is no such workspace."))
        return found.id

    def clean_messages(self) -> list[UUID]:
        """Each an id of a message."""
        words = self.cleaned_data["messages"].replace(",", " ").split()
        if len(words) > MESSAGES_MAX:
            raise forms.ValidationError(_("At most 200 messages; leave it empty for the whole workspace."))
        return [lookups.entered(ids.MESSAGE, word) for word in words]

    def clean(self) -> None:
        """An order is named."""
        if self.cleaned_data.get("basis") == Hold.Basis.LEGAL_ORDER and not self.cleaned_data.get("document"):
            self.add_error("document", _("Name the order, so that it can be found."))


class ReleaseForm(forms.Form):
    """Why it is not needed any more."""

    reason = forms.CharField(label=_("Reason"), max_length=300)


@staff_page(StaffRole.ADMIN, StaffRole.SUPPORT)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Those that stand, those that ended lately, and a form for another."""
    return _page(request, PlaceForm())


@staff_page(StaffRole.ADMIN, StaffRole.SUPPORT)
@require_POST
def place(request: HttpRequest) -> HttpResponse:
    """Open a case."""
    form = PlaceForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    wanted = form.cleaned_data
    holds.place(
        workspace=wanted["workspace"], basis=wanted["basis"], units=wanted["units"], messages=wanted["messages"],
        document=wanted["document"], reason=wanted["reason"], review_at=_end_of(wanted["review_on"]),
        by=_person(request), at=clock.now(),
    )  # fmt: skip
    notices.success(request, gettext("The hold stands. What it names stays until it is released."))
    return redirect("staff_holds")


@staff_page(StaffRole.ADMIN, StaffRole.SUPPORT)
@require_safe
def show(request: HttpRequest, hold_id: str) -> HttpResponse:
    """One case."""
    return _case(request, _found(hold_id), ReviewForm(), ReleaseForm())


@staff_page(StaffRole.ADMIN, StaffRole.SUPPORT)
@require_POST
def review(request: HttpRequest, hold_id: str) -> HttpResponse:
    """Say that it is still needed."""
    hold, form = _found(hold_id), ReviewForm(request.POST)
    if not form.is_valid():
        return _case(request, hold, form, ReleaseForm(), status=422)
    try:
        until = _end_of(form.cleaned_data["review_on"])
        holds.review(hold=hold, review_at=until, by=_person(request), at=clock.now())
    except holds.Released:
        notices.error(request, gettext("The hold was released already."), extra_tags="bad")
    return redirect("staff_hold", hold_id)


@staff_page(StaffRole.ADMIN, StaffRole.SUPPORT)
@require_POST
def release(request: HttpRequest, hold_id: str) -> HttpResponse:
    """End it."""
    hold, form = _found(hold_id), ReleaseForm(request.POST)
    if not form.is_valid():
        return _case(request, hold, ReviewForm(), form, status=422)
    try:
        holds.release(hold=hold, reason=form.cleaned_data["reason"], by=_person(request), at=clock.now())
    except holds.Released:
        notices.error(request, gettext("The hold was released already."), extra_tags="bad")
    else:
        notices.success(request, gettext("Released. What only it kept cannot be read any more."))
    return redirect("staff_holds")


def _page(request: HttpRequest, form: PlaceForm, *, status: int = 200) -> HttpResponse:
    at = clock.now()
    ended = Hold.objects.using("system").exclude(released_at=None).order_by("-released_at")[:RELEASED_SHOWN]
    standing = holds.open_ones()
    names = directory.names({hold.workspace_id for hold in standing})
    rows = [(hold, hold.review_at < at, names.get(hold.workspace_id, ""), _keeps(hold)) for hold in standing]
    context = {"rows": rows, "late": sum(row[1] for row in rows), "ended": ended, "form": form}
    return render(request, "staff/holds.html", context, status=status)


def _case(
    request: HttpRequest, hold: Hold, review_form: ReviewForm, release_form: ReleaseForm, *, status: int = 200
) -> HttpResponse:
    context = {
        "hold": hold,
        "waiting": resuming.waiting(hold) if hold.released_at is None else 0,
        "workspace": ids.encode(ids.WORKSPACE, hold.workspace_id),
        "place": directory.get(hold.workspace_id),
        "keeps": _keeps(hold),
        "late": hold.released_at is None and hold.review_at < clock.now(),
        "review_form": review_form,
        "release_form": release_form,
    }
    return render(request, "staff/hold.html", context, status=status)


def _keeps(hold: Hold) -> str:
    return ", ".join(str(KEEPS.get(unit, unit)) for unit in hold.units)


def _found(hold_id: str) -> Hold:
    return lookups.find(Hold.objects.using("system"), PREFIX, hold_id)


def _end_of(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(23, 59), dt.UTC)


def _person(request: HttpRequest) -> UUID:
    assert request.user.pk is not None  # the page is for staff
    return request.user.pk
