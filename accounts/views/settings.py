"""The settings of a workspace."""

from typing import Any

from django.contrib import messages as notices
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts import workspaces
from accounts.access import page
from accounts.forms.workspaces import SettingsForm
from accounts.models import User, Workspace
from accounts.roles import Permission
from smsplatform.lib import clock, ids


@page(permission=Permission.SETTINGS_READ)
@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """The form; for those who may not change anything, what is set."""
    workspace = _workspace(request)
    initial = {name: getattr(workspace, name) for name in (*workspaces.PLAIN, *workspaces.collected())}
    return _page(request, SettingsForm(initial={**initial, "join_link": bool(workspace.join_token)}), workspace)


@page(permission=Permission.SETTINGS_WRITE)
@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """Put what was entered."""
    workspace, form = _workspace(request), SettingsForm(request.POST)
    if not form.is_valid():
        return _page(request, form, workspace, status=422)
    assert isinstance(request.user, User)
    changed = workspaces.change(workspace=workspace, values=form.cleaned_data, by=request.user.pk, at=clock.now())
    notices.success(request, _("Saved.") if changed else _("Nothing was changed."))
    return redirect("settings")


def _page(request: HttpRequest, form: SettingsForm, workspace: Workspace, *, status: int = 200) -> HttpResponse:
    place: Any = request.workspace  # type: ignore[attr-defined]  # set by accounts.middleware
    if not place.allows(Permission.SETTINGS_WRITE):
        for field in form.fields.values():
            field.disabled = True
    context = {"form": form, "workspace_id": ids.encode(ids.WORKSPACE, workspace.pk), "row": workspace}
    return render(request, "accounts/settings.html", context, status=status)


def _workspace(request: HttpRequest) -> Workspace:
    return Workspace.objects.get(pk=request.workspace.id)  # type: ignore[attr-defined]  # set by accounts.middleware
