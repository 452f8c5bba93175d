"""Making a workspace, and the page for people whom no other page is for."""

from typing import Any

from django.contrib import messages as notices
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import closing, joining, workspaces
from accounts.access import page
from accounts.forms.workspaces import NewWorkspaceForm
from accounts.middleware import SESSION_WORKSPACE
from accounts.models import User
from accounts.roles import Scope
from smsplatform.lib import clock, ids, lookups


@page()
@require_GET
def no_workspace(request: HttpRequest) -> HttpResponse:
    """Says plainly what there is to do without a workspace, or without a role that reads messages."""
    place = request.workspace  # type: ignore[attr-defined]  # set by accounts.middleware
    if place and place.allows(Scope.MESSAGES_READ):
        return redirect("/")
    user = _user(request)
    closed = [(ids.encode(ids.WORKSPACE, row.id), row) for row in closing.reopenable(user, at=clock.now())]
    context: dict[str, Any] = {"waiting": joining.waiting(user.pk), "closed": closed}
    return render(request, "accounts/no_workspace.html", context)


@page(outside=True)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Make a workspace and go there."""
    form = NewWorkspaceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = workspaces.open_new(name=form.cleaned_data["name"], owner=_user(request), at=clock.now())
        request.session[SESSION_WORKSPACE] = str(made.pk)
        notices.success(request, _("The workspace is there. You are its owner."))
        return redirect("/")
    return render(request, "accounts/workspace_new.html", {"form": form}, status=422 if form.errors else 200)


@page(outside=True)
@require_POST
def reopen(request: HttpRequest, workspace_id: str) -> HttpResponse:
    """Take the closing of a workspace back."""
    workspace = lookups.named(ids.WORKSPACE, workspace_id)
    try:
        closing.reopen(workspace=workspace, by=_user(request), at=clock.now())
    except closing.NotReopenable:
        raise Http404 from None
    request.session[SESSION_WORKSPACE] = str(workspace)
    notices.success(request, _("The workspace is open again. Its API keys work as before."))
    return redirect("/")


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
