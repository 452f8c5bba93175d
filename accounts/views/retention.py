"""What of a workspace's data is removed when, and the debugging window that keeps texts longer for a while."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages as notices
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts import workspaces
from accounts.access import page
from accounts.forms.retention import WindowForm
from accounts.models import Workspace
from accounts.roles import Permission
from privacy import debugging, periods, registry
from smsplatform.lib import clock

# What a workspace's own setting shortens: the unit, the setting, and its measure.
SHORTENED = {
    "bodies": ("body_hours", dt.timedelta(hours=1)),
    "delivery metadata": ("metadata_days", dt.timedelta(days=1)),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """Rows of one kind and until when they stay. ``before``: what is older is gone already."""

    what: str
    kept: str
    own: bool
    before: dt.datetime | None


@page(permission=Permission.SETTINGS_READ)
@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """What goes when."""
    return _page(request, WindowForm())


@page(permission=Permission.SETTINGS_WRITE)
@require_POST
def window_open(request: HttpRequest) -> HttpResponse:
    """Keep what is sent from now on readable for some days."""
    form, at = WindowForm(request.POST), clock.now()
    if not form.is_valid():
        return _page(request, form, status=422)
    ends_at = at + dt.timedelta(days=form.cleaned_data["days"])
    debugging.start(workspace=_workspace(request).pk, ends_at=ends_at, by=_person(request), at=at)
    notices.success(request, _("Texts sent from now on stay readable until the window ends."))
    return redirect("retention")


@page(permission=Permission.SETTINGS_WRITE)
@require_POST
def window_close(request: HttpRequest) -> HttpResponse:
    """End it now."""
    if debugging.stop(workspace=_workspace(request).pk, by=_person(request), at=clock.now()):
        notices.success(request, _("The window is closed. What only it kept cannot be read any more."))
    return redirect("retention")


def _page(request: HttpRequest, form: WindowForm, *, status: int = 200) -> HttpResponse:
    workspace, at = _workspace(request), clock.now()
    context = {
        "rows": list(rows(workspace, at)),
        "window": debugging.standing(workspace=workspace.pk, at=at),
        "form": form,
        "days_max": debugging.days_max(),
    }
    return render(request, "accounts/retention.html", context, status=status)


def rows(workspace: Workspace, at: dt.datetime) -> Iterator[Row]:
    """Every kind of row that a workspace has and a calendar or a closing ends, in the order of what is shortest."""
    found = [policy for policy in registry.of_workspaces() if policy.units and policy.activities]
    return iter(sorted((_row(policy, workspace, at) for policy in found), key=lambda row: (not row.own, row.what)))


def _row(policy: registry.ModelPolicy, workspace: Workspace, at: dt.datetime) -> Row:
    unit = policy.units[0]
    own = _own(unit, workspace)
    lasts = own or unit.lasts
    return Row(
        what=_(policy.name),
        kept=periods.in_words(own) if own else policy.kept,
        own=own is not None,
        before=at - lasts if lasts else None,
    )


def _own(unit: registry.Unit, workspace: Workspace) -> dt.timedelta | None:
    """The period that the workspace set for itself, if it is shorter than the policy's."""
    if unit.name not in SHORTENED:
        return None
    setting, measure = SHORTENED[unit.name]
    wanted: int | None = getattr(workspace, setting)
    return wanted * measure if wanted and wanted < workspaces.longest()[setting] else None


def _workspace(request: HttpRequest) -> Workspace:
    return Workspace.objects.get(pk=request.workspace.id)  # type: ignore[attr-defined]  # set by accounts.middleware


def _person(request: HttpRequest) -> UUID:
    assert request.user.pk is not None  # the page is for people who signed in
    return request.user.pk
