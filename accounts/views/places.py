"""Pages for people who are not in a workspace."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from accounts.access import page


@page()
@require_GET
def no_workspace(request: HttpRequest) -> HttpResponse:
    """Says plainly what there is to do without a workspace: today, little."""
    if request.workspace is not None:  # type: ignore[attr-defined]  # set by accounts.middleware
        return redirect("/")
    return render(request, "accounts/no_workspace.html")
