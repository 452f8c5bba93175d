"""What a workspace was told of security incidents, and where to report a weakness."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import page, public
from accounts.roles import Scope
from privacy.breaches import notices, security_txt
from smsplatform.lib import clock, ids


@page(permission=Scope.MESSAGES_READ)
@require_http_methods(["GET", "POST"])
def security_notices(request: HttpRequest) -> HttpResponse:
    """Every notice to this workspace; reading one is said by a button, and kept."""
    workspace = request.workspace.id  # type: ignore[attr-defined]  # set by accounts.middleware
    if request.method == "POST":
        _mark_seen(request, request.POST.get("notice", ""))
        return redirect("security_notices")
    return render(request, "public/security_notices.html", {"notices": notices.of_workspace(workspace)})


@public
@require_GET
def security_contact(request: HttpRequest) -> HttpResponse:
    """``/.well-known/security.txt``."""
    return HttpResponse(security_txt.text(), content_type="text/plain; charset=utf-8")


def _mark_seen(request: HttpRequest, notice: str) -> None:
    try:
        key = ids.decode(ids.NOTICE, notice)
    except ids.InvalidId:
        return
    workspace = request.workspace.id  # type: ignore[attr-defined]  # set by accounts.middleware
    notices.mark_seen(workspace=workspace, notice=key, by=request.user.pk, at=clock.now())  # type: ignore[arg-type]  # signed in
