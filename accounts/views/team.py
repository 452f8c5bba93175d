"""The people of a workspace: who is in, who is asked in, who asks to be let in."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from django.contrib import messages as notices
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts import invitations, joining, team
from accounts import notices as mails
from accounts.access import page
from accounts.forms.team import InviteForm, RoleForm, roles_for
from accounts.models import Invitation, JoinRequest, Membership, User, Workspace
from accounts.reauth import confirmed
from accounts.roles import PERMISSIONS, Permission, Role, Scope
from smsplatform.lib import clock, ids, lookups, mail

M = TypeVar("M", bound=Model)
MEMBER, INVITATION, REQUEST = "mbr", "inv", "jnr"


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """One row of the list."""

    id: str
    user: User
    role: str
    since: dt.datetime
    is_me: bool
    changeable: bool


@page(permission=Permission.TEAM_READ)
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Everybody who is in, and for those who manage people everybody who is about to be."""
    return _page(request, InviteForm(by_role=_role(request), initial={"role": Role.DEVELOPER}))


@page(permission=Permission.TEAM_WRITE)
@require_POST
def invite(request: HttpRequest) -> HttpResponse:
    """Send an invitation."""
    form = InviteForm(request.POST, by_role=_role(request))
    if form.is_valid() and _invite(request, form):
        notices.success(request, _("The invitation was sent. It is valid for 7 days."))
        return redirect("team")
    return _page(request, form, status=422)


@page(permission=Permission.TEAM_WRITE)
@require_POST
def resend(request: HttpRequest, invitation_id: str) -> HttpResponse:
    """Send a new link; the former one stops working."""
    row = lookups.find(_invitations(request), INVITATION, invitation_id)
    token = invitations.resend(invitation=row, by=_me(request), at=clock.now())
    mails.invited(invitation=row, token=token, by=_user(request), name=_workspace(request).name)
    notices.success(request, _("A new link was sent. The former one does not work any more."))
    return redirect("team")


@page(permission=Permission.TEAM_WRITE)
@require_POST
def revoke(request: HttpRequest, invitation_id: str) -> HttpResponse:
    """Take an invitation back."""
    invitations.revoke(
        invitation=lookups.find(_invitations(request), INVITATION, invitation_id), by=_me(request), at=clock.now()
    )
    notices.success(request, _("The invitation was revoked. Its link does not work any more."))
    return redirect("team")


@page(permission=Permission.TEAM_WRITE)
@confirmed
@require_POST
def change_role(request: HttpRequest, member_id: str) -> HttpResponse:
    """Give a member another role."""
    member = lookups.find(_members(request), MEMBER, member_id)
    form = RoleForm(request.POST, by_role=_role(request))
    if not form.is_valid():
        notices.error(request, _("Choose a role that you may give."))
        return redirect("team")
    role = form.cleaned_data["role"]

    def change() -> None:
        team.change_role(membership=member, role=role, by=_me(request), by_role=_role(request), at=clock.now())

    return _do(request, change, _("The role was changed."))


@page(permission=Permission.TEAM_WRITE)
@require_POST
def remove(request: HttpRequest, member_id: str) -> HttpResponse:
    """Take a member out."""
    member = lookups.find(_members(request), MEMBER, member_id)

    def removed() -> None:
        team.remove(membership=member, by=_me(request), by_role=_role(request), at=clock.now())

    return _do(request, removed, _("Removed. The person has no access from now on."))


@page(permission=Permission.TEAM_READ)
@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Leave the workspace oneself."""
    own = _members(request).filter(user_id=_me(request)).get()
    try:
        team.leave(membership=own, at=clock.now())
    except team.LastOwner:
        notices.error(request, _last_owner())
        return redirect("team")
    notices.success(request, _("You left the workspace."))
    return redirect("/")


@page(permission=Permission.TEAM_WRITE)
@require_POST
def accept(request: HttpRequest, request_id: str) -> HttpResponse:
    """Let somebody in who asked."""
    row = lookups.find(joining.pending(_place(request).id), REQUEST, request_id)
    form = RoleForm(request.POST, by_role=_role(request))
    if not form.is_valid() or not User.objects.filter(pk=row.user_id).exists():
        notices.error(request, _("Choose a role that you may give."))
        return redirect("team")
    role = form.cleaned_data["role"]
    joining.accept(request=row, role=role, by=_me(request), by_role=_role(request), at=clock.now())
    mails.decided(user=row.user_id, workspace=_place(request).name, accepted=True)
    notices.success(request, _("Let in. The person was told by e-mail."))
    return redirect("team")


@page(permission=Permission.TEAM_WRITE)
@require_POST
def refuse(request: HttpRequest, request_id: str) -> HttpResponse:
    """Do not let somebody in who asked."""
    row = lookups.find(joining.pending(_place(request).id), REQUEST, request_id)
    joining.refuse(request=row, by=_me(request), at=clock.now())
    mails.decided(user=row.user_id, workspace=_place(request).name, accepted=False)
    notices.success(request, _("Refused. The person was told by e-mail."))
    return redirect("team")


@page(permission=Permission.TEAM_WRITE)
@require_POST
def join_link(request: HttpRequest) -> HttpResponse:
    """Switch the join link on or off, or make a new one."""
    workspace, at = _workspace(request), clock.now()
    if request.POST.get("link") == "off":
        joining.switch_off(workspace=workspace, by=_me(request), at=at)
        notices.success(request, _("The join link was switched off."))
    else:
        joining.switch_on(workspace=workspace, by=_me(request), at=at)
        notices.success(request, _("There is a new join link. A former one does not work any more."))
    return redirect("team")


def _page(request: HttpRequest, form: InviteForm, *, status: int = 200) -> HttpResponse:
    place = _place(request)
    context: dict[str, Any] = {"members": _rows(request), "matrix": matrix(), "roles": Role}
    if place.allows(Permission.TEAM_WRITE):
        token = _workspace(request).join_token
        context |= {
            "form": form,
            "invitations": [(ids.encode(INVITATION, row.pk), row) for row in _invitations(request).order_by("id")],
            "requests": _requests(place.id),
            "choices": roles_for(place.role),
            "join_url": mail.link(f"/join/{token}") if token else "",
            "now": clock.now(),
        }
    return render(request, "accounts/team.html", context, status=status)


def matrix() -> list[tuple[Any, list[bool]]]:
    """Every permission in words, and for each role whether it is included."""
    everything = [*Scope, *Permission]
    return [(item.label, [item in PERMISSIONS[role] for role in Role]) for item in everything]


def _rows(request: HttpRequest) -> list[Member]:
    place = _place(request)
    manages = place.allows(Permission.TEAM_WRITE)
    return [
        Member(
            id=ids.encode(MEMBER, row.pk),
            user=row.user,
            role=row.role,
            since=row.created_at,
            is_me=row.user_id == request.user.pk,
            changeable=manages and (row.role != Role.OWNER or place.role == Role.OWNER),
        )
        for row in _members(request).select_related("user").order_by("id")
    ]


def _requests(workspace: UUID) -> list[tuple[str, User, JoinRequest]]:
    """Requests with their people; one query for all people, and none for accounts that are gone."""
    rows = list(joining.pending(workspace))
    users = User.objects.in_bulk([row.user_id for row in rows])
    return [(ids.encode(REQUEST, row.pk), users[row.user_id], row) for row in rows if row.user_id in users]


def _invite(request: HttpRequest, form: InviteForm) -> bool:
    place, fields = _place(request), form.cleaned_data
    try:
        row, token = invitations.invite(
            workspace=place.id,
            email=fields["email"],
            role=fields["role"],
            by=_me(request),
            by_role=place.role,
            at=clock.now(),
        )
    except invitations.AlreadyMember:
        form.add_error("email", _("This person is in the workspace already. Change their role in the list."))
        return False
    except invitations.TooManyInvitations:
        form.add_error(None, _("Too many invitations are open. Revoke those that nobody will answer."))
        return False
    mails.invited(invitation=row, token=token, by=_user(request), name=place.name)
    return True


def _do(request: HttpRequest, change: Callable[[], None], done: str) -> HttpResponse:
    try:
        change()
    except team.LastOwner:
        notices.error(request, _last_owner())
    except team.OwnersOnly:
        notices.error(request, _("Only an owner makes somebody an owner, or takes that away."))
    else:
        notices.success(request, done)
    return redirect("team")


def _last_owner() -> str:
    return _("A workspace keeps an owner. Make somebody else an owner first, or close the workspace.")


def _members(request: HttpRequest) -> "QuerySet[Membership]":
    return Membership.objects.filter(workspace_id=_place(request).id)


def _invitations(request: HttpRequest) -> "QuerySet[Invitation]":
    return invitations.open_ones(_place(request).id)


def _workspace(request: HttpRequest) -> Workspace:
    return Workspace.objects.get(pk=_place(request).id)


def _place(request: HttpRequest) -> Any:
    return request.workspace  # type: ignore[attr-defined]  # set by accounts.middleware


def _role(request: HttpRequest) -> str:
    return str(_place(request).role)


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _me(request: HttpRequest) -> UUID:
    return _user(request).pk
