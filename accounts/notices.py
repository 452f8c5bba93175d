"""Mail about a workspace to its people, to those who are asked in and to those who ask."""

import logging
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.urls import reverse

from accounts.models import Invitation, Membership, User, Workspace
from accounts.roles import Role
from smsplatform.lib import mail

logger = logging.getLogger(__name__)


def invited(*, invitation: Invitation, token: str, by: User, name: str) -> None:
    """Send the link of an invitation once its row is committed."""
    context = {
        "workspace": name,
        "by": by.name or by.email,
        "role": invitation.role,
        "until": invitation.expires_at,
        "url": mail.link(reverse("invitation", args=[token])),
    }
    _send_later("accounts/invitation", [invitation.email], context)


def asked(*, workspace: UUID, by: User) -> None:
    """Tell owners and admins that somebody asks to be let in; outside of any scope or in that of the workspace."""
    name = Workspace.objects.values_list("name", flat=True).get(pk=workspace)
    context = {"workspace": name, "by": by.name or by.email, "url": mail.link(reverse("team"))}
    _send_later("accounts/join_asked", people(workspace, Role.OWNER, Role.ADMIN), context)


def decided(*, user: UUID, workspace: str, accepted: bool) -> None:
    """Tell the person who asked."""
    context = {"workspace": workspace, "accepted": accepted, "url": mail.link("/")}
    _send_later("accounts/join_decided", list(User.objects.filter(pk=user, is_active=True)), context)


def closed(*, workspace: Workspace, by: User, grace: bool) -> None:
    """Tell the owners that their workspace was closed, and until when that can be taken back."""
    context = {
        "workspace": workspace.name,
        "by": by.name or by.email,
        "at": workspace.closed_at,
        "erase_at": workspace.erase_at if grace else None,
        "url": mail.link(reverse("no_workspace")),
    }
    _send_later("accounts/workspace_closed", people(workspace.pk, Role.OWNER), context)


def reopened(*, workspace: Workspace, by: User) -> None:
    """Tell the owners that the closing was taken back."""
    context = {"workspace": workspace.name, "by": by.name or by.email, "url": mail.link(reverse("settings"))}
    _send_later("accounts/workspace_reopened", people(workspace.pk, Role.OWNER), context)


def erased(*, name: str, owners: Sequence[User]) -> None:
    """Tell those who were the owners that everything is gone."""
    _send_later("accounts/workspace_erased", owners, {"workspace": name, "url": mail.link("/")})


def people(workspace: UUID, *roles: str) -> list[User]:
    """Those who can sign in and have one of the roles, in the open scope."""
    found = Membership.objects.filter(workspace_id=workspace, role__in=roles, user__is_active=True)
    return [membership.user for membership in found.select_related("user").order_by("id")]


def _send_later(template: str, to: Sequence[str | User], context: Mapping[str, Any]) -> None:
    transaction.on_commit(partial(_send, template, to, context), robust=True)


def _send(template: str, to: Sequence[str | User], context: Mapping[str, Any]) -> None:
    try:
        mail.send(template, to=to, context=context)
    except mail.Undelivered as error:
        logger.warning("mail_undelivered", extra={"template": template, "error": error.code})
