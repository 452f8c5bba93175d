"""Asking for access, raising it step by step, agreeing for others, ending it, reviewing broken glass."""

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages as notices
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import directory, factors, grants, tickets
from accounts.access import staff_page
from accounts.forms.grants import FactorForm, GrantForm, words
from accounts.grants import GrantRefused
from accounts.models import StaffGrant, User
from accounts.models.grant import REVIEW_WITHIN, State
from accounts.models.user import StaffRole
from smsplatform.lib import clock, ids, lookups
from smsplatform.lib.tenancy import staff
from smsplatform.lib.tenancy.staff import Level
from smsplatform.staff_navigation import OVERSEERS, WORKERS
from smsplatform.views.staff import factor, proposals

SHOWN = 50
STEPS = (Level.METADATA, Level.IDENTIFIERS, Level.CONTENT)


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A grant in a list."""

    grant: StaffGrant
    public_id: str
    workspace: str
    workspace_id: str
    staff: str
    state: State
    mine: bool
    review_by: dt.datetime


@staff_page()
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """My grants, what waits for a second person, and broken glass that nobody has looked into."""
    user, at = _user(request), clock.now()
    rows = StaffGrant.objects.using(staff.ALIAS).order_by("-id")
    waiting_rows = rows.filter(content_asked_at__isnull=False, approved_by=None, expires_at__gt=at, ended_at=None)
    context = {
        "mine": _rows(list(rows.filter(staff_id=user.pk)[:SHOWN]), user, at),
        "waiting": _rows(list(waiting_rows.exclude(staff_id=user.pk)[:SHOWN]), user, at),
        "glass": _rows(list(rows.filter(break_glass=True, reviewed_at=None)[:SHOWN]), user, at),
        "everybody": _rows(list(rows[:SHOWN]), user, at) if user.staff_role in OVERSEERS else [],
        "oversees": user.staff_role in OVERSEERS,
        "approves": user.staff_role in grants.MAY_SEE_CONTENT,
        "proposals": proposals.waiting(user),
        "confirmed": factor.noted(request),
    }
    return render(request, "staff/grants.html", context)


@staff_page(*WORKERS)
@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest, workspace_id: str) -> HttpResponse:
    """The form that opens a workspace: kind of reason, reason, ticket, time, and the second factor."""
    place, user = _place(workspace_id), _user(request)
    form, status = GrantForm(request.POST or None, initial={"ticket": request.GET.get("ticket", "")[:40]}), 200
    if request.method == "POST":
        status = 422
        if form.is_valid() and (made := _opened(request, form, place, user)):
            return _on(request, made)
    context = {"form": form, "place": place, "held": factors.held(user), "here": request.path}
    return render(request, "staff/grant_ask.html", context, status=status)


@staff_page(*WORKERS)
@require_http_methods(["GET", "POST"])
def step(request: HttpRequest, grant_id: str) -> HttpResponse:
    """One level up, with the second factor; for content, asking a second person first."""
    user, grant, at = _user(request), _mine(request, grant_id), clock.now()
    form, status = FactorForm(request.POST or None), 200
    if request.method == "POST":
        status = 422
        try:
            if form.is_valid() and _stepped(request, form, grant, user):
                notices.success(request, _("Access was raised. Each page you open is written down."))
                return _inside(grant)
        except GrantRefused as refused:
            form.add_error("code" if refused.field == "code" else None, words(refused))
    context = {
        "form": form, "grant": grant, "row": _rows([grant], user, at)[0], "held": factors.held(user),
        "next": Level(min(grant.level + 1, Level.CONTENT)), "steps": STEPS, "here": request.path,
        "needs_second": grant.level == Level.IDENTIFIERS and grant.approved_by is None,
        "active": grant.state(at=at) == State.ACTIVE,
    }  # fmt: skip
    return render(request, "staff/grant_step.html", context, status=status)


@staff_page(*WORKERS)
@require_POST
def ask_second(request: HttpRequest, grant_id: str) -> HttpResponse:
    """Ask a second person to agree to content."""
    return _decided(
        request, lambda: grants.ask_for_content(grant=_mine(request, grant_id), by=_user(request), at=clock.now()),
        _("Asked. Another member of the staff approves it on the page Access grants."), ("staff_grant_step", grant_id),
    )  # fmt: skip


@staff_page(StaffRole.ADMIN, StaffRole.SUPPORT)
@require_POST
def approve(request: HttpRequest, grant_id: str) -> HttpResponse:
    """Agree to content as the second person, with one's own second factor."""
    grant, factor_at = _any(grant_id), factor.just_now(request, back=reverse("staff_grants"))
    if isinstance(factor_at, HttpResponse):
        return factor_at
    return _decided(
        request,
        lambda: grants.approve_content(grant=grant, by=_user(request), factor_at=factor_at, at=clock.now()),
        _("Approved. They can raise their access now; you are named as the second person."), ("staff_grants",),
    )  # fmt: skip


@staff_page(*WORKERS)
@require_POST
def end(request: HttpRequest, grant_id: str) -> HttpResponse:
    """End a grant early: one's own, or as an admin anybody's."""
    grant = _any(grant_id)
    if grant.staff_id != request.user.pk and _user(request).staff_role != StaffRole.ADMIN:
        raise Http404
    grants.end(grant=grant, by=_user(request).pk, at=clock.now())
    notices.success(request, _("Ended. Nothing of this workspace is shown any more."))
    return redirect("staff_grants")


@staff_page(StaffRole.ADMIN, StaffRole.AUDITOR)
@require_POST
def review(request: HttpRequest, grant_id: str) -> HttpResponse:
    """Sign off a break-glass."""
    return _decided(
        request, lambda: grants.review(grant=_any(grant_id), by=_user(request), at=clock.now()),
        _("Reviewed and signed off."), ("staff_grants",),
    )  # fmt: skip


def _opened(request: HttpRequest, form: GrantForm, place: directory.Listed, user: User) -> StaffGrant | None:
    """The grant, or None when the form says what is wrong; a code is not used up for a reason that is none."""
    try:
        grants.check(workspace=place.id, by=user, wish=form.wish(), at=clock.now())
        if (factor_at := factor.used(request, form)) is None:
            return None
        return grants.open(workspace=place.id, by=user, wish=form.wish(), factor_at=factor_at, at=clock.now())
    except GrantRefused as refused:
        form.refuse(refused)
        return None


def _stepped(request: HttpRequest, form: FactorForm, grant: StaffGrant, user: User) -> bool:
    factor_at = factor.used(request, form)
    if factor_at is None:
        return False
    grants.raise_level(grant=grant, by=user, factor_at=factor_at, at=clock.now())
    return True


def _on(request: HttpRequest, grant: StaffGrant) -> HttpResponse:
    if grant.state(at=clock.now()) == State.WAITING:
        notices.info(request, _("The workspace decides itself. Its owners and admins were asked by mail."))
        return redirect("staff_grants")
    return _inside(grant)


def _inside(grant: StaffGrant) -> HttpResponse:
    """Where the work is: at the support case that was the reason, or at the workspace."""
    place = ids.encode(ids.WORKSPACE, grant.workspace_id)
    if tickets.is_ours(grant.ticket):
        return redirect("staff_support_thread", place, grant.ticket)
    return redirect("staff_workspace", place)


def _decided(request: HttpRequest, act: Any, done: str, back: tuple[str, ...]) -> HttpResponse:
    try:
        act()
    except GrantRefused as refused:
        notices.error(request, words(refused), extra_tags="bad")
    else:
        notices.success(request, done)
    return redirect(*back)


def _rows(found: list[StaffGrant], user: User, at: dt.datetime) -> list[Row]:
    """Grants with names; two more queries for all of them."""
    places = directory.names({grant.workspace_id for grant in found})
    people = User.objects.in_bulk({grant.staff_id for grant in found})
    return [
        Row(
            grant=grant,
            public_id=ids.encode(ids.GRANT, grant.pk),
            workspace=places.get(grant.workspace_id, ""),
            workspace_id=ids.encode(ids.WORKSPACE, grant.workspace_id),
            staff=_name(people.get(grant.staff_id)),
            state=grant.state(at=at),
            mine=grant.staff_id == user.pk,
            review_by=grant.created_at + REVIEW_WITHIN,
        )
        for grant in found
    ]


def _name(user: User | None) -> str:
    return (user.name or user.email) if user else ""


def _any(grant_id: str) -> StaffGrant:
    return lookups.find(StaffGrant.objects.using(staff.ALIAS), ids.GRANT, grant_id)


def _mine(request: HttpRequest, grant_id: str) -> StaffGrant:
    grant = _any(grant_id)
    if grant.staff_id != request.user.pk:
        raise Http404
    return grant


def _place(workspace_id: str) -> directory.Listed:
    try:
        place = directory.get(_id(workspace_id))
    except ids.InvalidId:
        place = None
    if place is None:
        raise Http404
    return place


def _id(workspace_id: str) -> UUID:
    return ids.decode(ids.WORKSPACE, workspace_id)


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
