"""Closing a workspace, and deleting one's own account when no workspace is left."""

from typing import Any

from django.contrib import messages as notices
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import closing, leaving
from accounts.access import page
from accounts.forms.workspaces import CloseForm, DeleteAccountForm
from accounts.models import User, Workspace
from accounts.reauth import confirmed
from accounts.roles import Permission
from privacy import profiles
from smsplatform.lib import clock


@page(permission=Permission.WORKSPACE_CLOSE)
@confirmed
@require_http_methods(["GET", "POST"])
def close(request: HttpRequest) -> HttpResponse:
    """What goes, what stays and why; then the name, and when."""
    user, at = _user(request), clock.now()
    workspace = Workspace.objects.get(pk=request.workspace.id)  # type: ignore[attr-defined]  # set by accounts.middleware
    form = CloseForm(request.POST if request.method == "POST" else None, workspace_name=workspace.name)
    if form.is_valid():
        now = form.cleaned_data["when"] == "now"
        closing.close(workspace=workspace, by=user, now=now, at=at)
        notices.success(
            request,
            _("The workspace is closed and is being erased.")
            if now
            else _("The workspace is closed. You can open it again until it is erased."),
        )
        return redirect("no_workspace")
    grace = profiles.duration("retention.account_grace")
    context: dict[str, Any] = {
        "form": form,
        "name": workspace.name,
        "goes": closing.goes(),
        "stays": closing.stays(),
        "grace_days": grace.days,
        "erase_at": at + grace,
    }
    return render(request, "accounts/close.html", context, status=422 if form.errors else 200)


@page(outside=True)
@confirmed
@require_http_methods(["GET", "POST"])
def delete_account(request: HttpRequest) -> HttpResponse:
    """Delete oneself, which needs that one is in no workspace any more."""
    form = DeleteAccountForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and _deleted(request, form):
        return redirect("sign_in")
    context = {
        "form": form,
        "places": request.places,  # type: ignore[attr-defined]  # set by accounts.middleware
        "goes": leaving.goes(),
        "stays": leaving.stays(),
    }
    return render(request, "accounts/delete_account.html", context, status=422 if form.errors else 200)


def _deleted(request: HttpRequest, form: DeleteAccountForm) -> bool:
    """Whether the account is gone; if not, the form says why."""
    try:
        leaving.delete_account(user=_user(request), at=clock.now())
    except leaving.StillMember:
        form.add_error(None, _("You are still in a workspace. Leave or close it first."))
        return False
    logout(request)
    return True


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
