"""The notifications of a person in their workspace, and how they want to hear of what."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import notifications
from accounts.access import page
from accounts.models import Notification, NotificationChoice, User
from accounts.models.notification import Category
from smsplatform.lib import clock, ids, lookups

PREFIX = "ntf"


@page()
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Newest first."""
    user, place = _user(request), request.workspace  # type: ignore[attr-defined]  # set by accounts.middleware
    if place is None:
        return redirect("no_workspace")
    before = request.GET.get("before", "")
    rows = notifications.page(
        workspace=place.id, user=user.pk, before=lookups.named(PREFIX, before) if before else None
    )
    shown = rows[: notifications.PAGE]
    context = {
        "rows": [entry for row in shown if (entry := _entry(row))],
        "older": ids.encode(PREFIX, shown[-1].pk) if len(rows) > notifications.PAGE else "",
        "first": not before,
    }
    return render(request, "accounts/notifications.html", context)


@page()
@require_POST
def read(request: HttpRequest) -> HttpResponse:
    """Mark one as read, or all."""
    user, place = _user(request), request.workspace  # type: ignore[attr-defined]  # set by accounts.middleware
    if place is None:
        return redirect("no_workspace")
    one = request.POST.get("notification", "")
    notifications.mark_read(
        workspace=place.id, user=user.pk, one=lookups.named(PREFIX, one) if one else None, at=clock.now()
    )
    return redirect("notifications")


@page()
@require_http_methods(["GET", "POST"])
def choices(request: HttpRequest) -> HttpResponse:
    """By mail, on the page, both or neither, for each category."""
    user = _user(request)
    if request.method == "POST":
        wanted = {code: (f"{code}_mail" in request.POST, f"{code}_page" in request.POST) for code in Category.values}
        notifications.choose(user=user, wanted=wanted)
        messages.success(request, _("Saved."))
        return redirect("notification_choices")
    return render(request, "accounts/notification_choices.html", {"rows": _choices(user)})


def _choices(user: User) -> list[dict[str, Any]]:
    made = {row.category: (row.by_mail, row.on_page) for row in NotificationChoice.objects.filter(user=user)}
    return [
        {"code": code, "label": label, "fixed": code == Category.SECURITY, "mail": by_mail, "page": on_page}
        for code, label in Category.choices
        for by_mail, on_page in [made.get(code, notifications.default(code))]
    ]


def _entry(row: Notification) -> dict[str, Any] | None:
    kind = notifications.kind_of(row)
    if kind is None:
        return None
    return {
        "row": row,
        "id": ids.encode(PREFIX, row.pk),
        "title": kind.title,
        "icon": kind.icon,
        "url": kind.url(row.params),
        "label": kind.category.label,
    }


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
