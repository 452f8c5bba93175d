"""Closing a workspace, and deleting one's own account when no workspace is left."""

import datetime as dt
from typing import Any

from django.contrib import messages as notices
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import closing, leaving, links
from accounts.access import page, public
from accounts.closing import When
from accounts.forms.workspaces import CloseForm, DeleteAccountForm
from accounts.models import User, Workspace
from accounts.reauth import confirmed
from accounts.roles import Permission
from smsplatform.lib import clock


@page(permission=Permission.WORKSPACE_CLOSE)
@confirmed
@require_http_methods(["GET", "POST"])
def close(request: HttpRequest) -> HttpResponse:
    """What goes, what stays and why; then the name, and when. The rest is confirmed by mail."""
    user, at = _user(request), clock.now()
    workspace = Workspace.objects.get(pk=request.workspace.id)  # type: ignore[attr-defined]  # set by accounts.middleware
    form = CloseForm(
        request.POST if request.method == "POST" else None,
        workspace_name=workspace.name, initial={"when": closing.preselected()},
    )  # fmt: skip
    if form.is_valid():
        closing.ask(workspace=workspace, by=user, when=form.cleaned_data["when"], at=at)
        notices.success(request, _("Nothing has changed yet. Open the link in the mail we sent you to confirm."))
        return redirect("workspace_close")
    wish = closing.asked(workspace.pk, at=at)
    context: dict[str, Any] = {
        "form": form,
        "name": workspace.name,
        "goes": closing.goes(),
        "stays": closing.stays(),
        "wish": wish,
        "asked_until": wish.asked_at + links.CLOSING_KEPT if wish else None,
        **_choices(at),
    }
    return render(request, "accounts/close.html", context, status=422 if form.errors else 200)


def _choices(at: dt.datetime) -> dict[str, Any]:
    grace, cool_off = closing.waits(When.GRACE), closing.waits(When.COOL_OFF)
    return {
        "grace_days": grace.days, "grace_until": at + grace,
        "cool_off_hours": int(cool_off.total_seconds() // 3600), "cool_off_until": at + cool_off,
    }  # fmt: skip


@page(permission=Permission.WORKSPACE_CLOSE)
@require_POST
def withdraw(request: HttpRequest) -> HttpResponse:
    """Take the wish back before it is confirmed."""
    place = request.workspace  # type: ignore[attr-defined]  # set by accounts.middleware
    closing.withdraw(workspace=place.id, by=_user(request), at=clock.now())
    notices.success(request, _("Taken back. The link in the mail is worth nothing any more."))
    return redirect("workspace_close")


@public
@never_cache
@require_http_methods(["GET", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """The second confirmation. Works signed out too, where mail is read; following the link only shows a button."""
    at = clock.now()
    try:
        wish = links.of_closing(token)
        if request.method == "POST":
            closing.confirm(wish, at=at)
    except (links.BadLink, closing.NotConfirmable):
        return render(request, "accounts/link_over.html", {"again": ""}, status=410)
    context = {"wish": wish, "name": wish.workspace.name, "erase_at": at + closing.waits(wish.when)}
    return render(request, "accounts/closing_confirm.html", {**context, "done": request.method == "POST"})


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
