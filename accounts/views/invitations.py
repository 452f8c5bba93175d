"""The pages behind the link of an invitation and behind a join link."""

from django.contrib import messages as notices
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts import invitations, joining
from accounts import notices as mails
from accounts.access import page, public
from accounts.middleware import SESSION_WORKSPACE
from accounts.models import User
from smsplatform.lib import clock
from smsplatform.lib.tenancy import scope


@public
@never_cache
@require_GET
def invitation(request: HttpRequest, invitation_token: str) -> HttpResponse:
    """Who invites to what, and the next step: accept, sign in, sign up, or change accounts."""
    try:
        found = invitations.find(invitation_token, at=clock.now())
    except invitations.NotInvited:
        return render(request, "accounts/invitation_over.html", status=404)
    mine = isinstance(request.user, User) and found.is_for(request.user)
    context = {"invitation": found, "token": invitation_token, "mine": mine, "onward": request.path}
    return render(request, "accounts/invitation.html", context)


@page(outside=True)
@require_POST
def accept(request: HttpRequest, invitation_token: str) -> HttpResponse:
    """Enter the workspace, if the invitation is for this account's address."""
    assert isinstance(request.user, User)
    try:
        workspace = invitations.accept(token=invitation_token, user=request.user, at=clock.now())
    except invitations.NotInvited:
        return render(request, "accounts/invitation_over.html", status=404)
    request.session[SESSION_WORKSPACE] = str(workspace)
    notices.success(request, _("You are in the workspace now."))
    return redirect("/")


@public
@never_cache
@require_GET
def join(request: HttpRequest, join_token: str) -> HttpResponse:
    """Which workspace this is, and a button that asks to be let in."""
    try:
        _id, name = joining.find(join_token)
    except joining.NoSuchLink:
        return render(request, "accounts/invitation_over.html", {"join": True}, status=404)
    return render(request, "accounts/join.html", {"name": name, "token": join_token, "onward": request.path})


@page(outside=True)
@require_POST
def ask(request: HttpRequest, join_token: str) -> HttpResponse:
    """Ask to be let in; owners and admins are told."""
    assert isinstance(request.user, User)
    try:
        workspace = joining.ask(token=join_token, user=request.user, at=clock.now())
    except joining.NoSuchLink:
        return render(request, "accounts/invitation_over.html", {"join": True}, status=404)
    except joining.AlreadyMember:
        notices.info(request, _("You are in this workspace already."))
        return redirect("/")
    except joining.AlreadyAsked:
        notices.info(request, _("You have asked already. You are told by e-mail what was decided."))
        return redirect("no_workspace")
    with scope.workspace(workspace):
        mails.asked(workspace=workspace, by=request.user)
    notices.success(request, _("Asked. You are told by e-mail what was decided."))
    return redirect("no_workspace")
