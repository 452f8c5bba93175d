"""What people who were texted ask of a workspace: its list, its word, and what it leaves to us."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages as notices
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import page
from accounts.roles import Scope
from privacy.models import RequestSettings, RequestTicket
from privacy.requests import tickets
from privacy.requests.desk import WORDS_MAX
from smsplatform.lib import clock, ids, lookups

SHOWN = 25


class RefusalForm(forms.Form):
    """Why not; the person reads it."""

    reason = forms.CharField(
        label=gettext_lazy("Why not?"),
        max_length=WORDS_MAX,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": gettext_lazy("The person is owed a reason. Say which law or fact allows it.")},
    )


class SwitchesForm(forms.ModelForm):  # type: ignore[type-arg]  # the stub wants a parameter that Django's class has not
    """Which requests are fulfilled without asking."""

    class Meta:
        model = RequestSettings
        fields = tickets.SWITCH_NAMES
        labels = {
            "objection": gettext_lazy("Stop texts to who wants none"),
            "restriction": gettext_lazy("Leave data alone while something is cleared up"),
            "access": gettext_lazy("Give people a copy of their data"),
            "erasure": gettext_lazy("Erase a number and its messages"),
        }


@page(permission=Scope.PRIVACY_READ)
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """What waits for a decision and what was decided, newest first."""
    return _page(request, SwitchesForm(instance=tickets.settings_of(_workspace(request))))


@page(permission=Scope.PRIVACY_WRITE)
@require_POST
def switches(request: HttpRequest) -> HttpResponse:
    """Put what was chosen."""
    workspace = _workspace(request)
    form = SwitchesForm(request.POST, instance=tickets.settings_of(workspace))
    if not form.is_valid():
        return _page(request, form, status=422)
    person = request.user.pk
    assert person is not None
    tickets.choose(workspace=workspace, changes=form.cleaned_data, by=person, at=clock.now())
    notices.success(request, _("Saved."))
    return redirect("tickets")


@page(permission=Scope.PRIVACY_READ)
@require_GET
def ticket(request: HttpRequest, ticket_id: str) -> HttpResponse:
    """One of them: who asks for what, and until when."""
    return _ticket_page(request, _found(request, ticket_id), RefusalForm())


@page(permission=Scope.PRIVACY_WRITE)
@require_POST
def accept(request: HttpRequest, ticket_id: str) -> HttpResponse:
    """Yes: it is carried out at once."""
    _answer(request, _found(request, ticket_id), None)
    return redirect("ticket", ticket_id)


@page(permission=Scope.PRIVACY_WRITE)
@require_http_methods(["POST"])
def refuse(request: HttpRequest, ticket_id: str) -> HttpResponse:
    """No, and why."""
    row, form = _found(request, ticket_id), RefusalForm(request.POST)
    if not form.is_valid():
        return _ticket_page(request, row, form, status=422)
    _answer(request, row, form.cleaned_data["reason"])
    return redirect("ticket", ticket_id)


def _answer(request: HttpRequest, row: RequestTicket, reason: str | None) -> None:
    person = request.user.pk
    assert person is not None
    try:
        tickets.answer(row, reason=reason, by=person, at=clock.now())
    except tickets.AlreadyDecided:
        notices.warning(request, _("This was decided before, or withdrawn."))
    else:
        notices.success(request, _("Decided. The person sees it on the page of their request."))


def _page(request: HttpRequest, form: SwitchesForm, *, status: int = 200) -> HttpResponse:
    rows = RequestTicket.objects.filter(workspace_id=_workspace(request)).order_by("-id")
    if before := request.GET.get("before"):
        rows = rows.filter(pk__lt=lookups.named(ids.TICKET, before))
    shown = list(rows[: SHOWN + 1])
    context: dict[str, Any] = {
        "rows": shown[:SHOWN],
        "older": str(shown[SHOWN - 1]) if len(shown) > SHOWN else "",
        "form": form,
        "now": clock.now(),
    }
    return render(request, "requests/tickets.html", context, status=status)


def _ticket_page(request: HttpRequest, row: RequestTicket, form: RefusalForm, *, status: int = 200) -> HttpResponse:
    return render(request, "requests/ticket.html", {"row": row, "form": form, "now": clock.now()}, status=status)


def _found(request: HttpRequest, ticket_id: str) -> RequestTicket:
    return lookups.find(RequestTicket.objects.filter(workspace_id=_workspace(request)), ids.TICKET, ticket_id)


def _workspace(request: HttpRequest) -> UUID:
    workspace: UUID = request.workspace.id  # type: ignore[attr-defined]  # set by accounts.middleware
    return workspace
