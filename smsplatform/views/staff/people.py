"""The people of a workspace under a grant: masked addresses below identifiers; ending somebody's sessions."""

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages as notices
from django.db import connections
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts import password
from accounts.access import staff_page
from accounts.looks import granted, shown
from accounts.models import User
from accounts.models.user import StaffRole
from privacy import audit
from smsplatform.lib import clock, ids, lookups
from smsplatform.lib.tenancy import scope, staff
from smsplatform.lib.tenancy.staff import Level
from smsplatform.staff_navigation import WORKERS


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """Somebody who belongs to the workspace, as a level shows them."""

    user_id: UUID
    public_id: str
    role: str
    since: dt.datetime
    second_factor: bool
    is_active: bool
    sessions: int
    email: str
    name: str


def of_grant(level: Level) -> list[Person]:
    """The people of the workspace that is open to staff."""
    with connections[staff.ALIAS].cursor() as cursor:
        cursor.execute("SELECT * FROM access.team_under_grant()")
        return [_person(row, level) for row in cursor.fetchall()]


@staff_page(*WORKERS)
@granted(Level.METADATA)
@require_GET
def team(request: HttpRequest, workspace: UUID) -> HttpResponse:
    """Who belongs to it, with which role, and whether they have a second factor."""
    look = request.look  # type: ignore[attr-defined]  # set by granted
    people = of_grant(look.level)
    kinds = ("account_meta", "email", "name") if look.level >= Level.IDENTIFIERS else ("account_meta",)
    return shown(request, "staff/team.html", {"page": "team", "team": people}, kinds=kinds, count=len(people))


@staff_page(StaffRole.ADMIN, StaffRole.SUPPORT)
@granted(Level.METADATA)
@require_POST
def end_sessions(request: HttpRequest, workspace: UUID, user_id: str) -> HttpResponse:
    """Sign a member out everywhere, browsers and apps."""
    at, member = clock.now(), _member(workspace, user_id)
    with scope.workspace(workspace):
        ended = password.end_sessions(user=member, keep=None, at=at)
        details = {"user": str(member.pk), "grant": str(request.look.grant.pk)}  # type: ignore[attr-defined]  # granted
        audit.record(action="staff:session:revoked", workspace=workspace, actor=request.user.pk, at=at, details=details)
    notices.success(request, _("Signed out everywhere. Browser sessions ended: %(count)d.") % {"count": ended})
    return redirect("staff_team", ids.encode(ids.WORKSPACE, workspace))


def _member(workspace: UUID, user_id: str) -> User:
    wanted = lookups.named(ids.USER, user_id)
    if wanted not in {person.user_id for person in of_grant(Level.METADATA)}:
        raise Http404
    return User.objects.get(pk=wanted)


def _person(row: tuple[Any, ...], level: Level) -> Person:
    user_id, role, since, second_factor, is_active, sessions, email, name = row
    opened = User(id=user_id, email=bytes(email), name=bytes(name) if name else None)
    full = level >= Level.IDENTIFIERS
    return Person(
        user_id=user_id,
        public_id=ids.encode(ids.USER, user_id),
        role=role,
        since=since,
        second_factor=second_factor,
        is_active=is_active,
        sessions=sessions,
        email=opened.email if full else masked(opened.email),
        name=(opened.name or "") if full else "",
    )


def masked(email: str) -> str:
    """``jo.doe@example.org`` → ``j••••@example.org``."""
    local, _at, domain = email.partition("@")
    return f"{local[:1]}••••@{domain}"
