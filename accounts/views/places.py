"""The page for people whom no other page is for."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from accounts.access import page
from accounts.roles import Scope


@page()
@require_GET
def no_workspace(request: HttpRequest) -> HttpResponse:
    """Says plainly what there is to do without a workspace, or without a role that reads messages: today, little."""
    place = request.workspace  # type: ignore[attr-defined]  # set by accounts.middleware
    if place and place.allows(Scope.MESSAGES_READ):
        return redirect("/")
    return render(request, "accounts/no_workspace.html")
