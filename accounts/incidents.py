"""Security incidents, for people: the mails they are owed, and accesses taken away at once.

Each workspace is one transaction with its own audit events, so a stop half-way leaves whole workspaces.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.dispatch import receiver
from django.utils.translation import gettext_lazy as _

from accounts import keys, notices, notifications, tokens
from accounts.models import ApiKey, Membership, Notification, Session, User, Workspace
from accounts.models.notification import Category
from accounts.roles import Role
from privacy import audit
from privacy.breaches.notices import published
from privacy.models import IncidentEntry, IncidentNotice
from smsplatform.lib import mail
from smsplatform.lib.tenancy import scope

KIND = "security_incident"
ADDRESS = "/security-notices"
# Who stands for the controller; everybody with an account is a user.
CONTROLLERS = (Role.OWNER, Role.ADMIN)


def revoke_keys(workspaces: Iterable[UUID], *, by: UUID, at: dt.datetime) -> int:
    """Revoke every API key of these workspaces; how many."""
    count = 0
    for workspace in workspaces:
        with scope.workspace(workspace):
            valid = list(ApiKey.objects.filter(workspace_id=workspace, revoked_at=None))
            for key in valid:
                keys.revoke(key=key, by=by, at=at)
            count += len(valid)
    return count


def end_sessions(workspaces: Iterable[UUID], *, by: UUID, at: dt.datetime) -> int:
    """Sign everybody of these workspaces out, in browsers and apps; how many people."""
    people: set[UUID] = set()
    for workspace in workspaces:
        with scope.workspace(workspace):
            people |= set(Membership.objects.filter(workspace_id=workspace).values_list("user_id", flat=True))
            audit.record(
                action="staff:session:revoked", workspace=workspace, actor=by, at=at, details={"reason": "incident"}
            )
    return _sign_out(people, at=at)


def end_staff_sessions(*, by: UUID, at: dt.datetime) -> int:
    """Sign every member of staff out, except who does it; how many people."""
    staff = User.objects.exclude(staff_role="").exclude(pk=by)
    return _sign_out(set(staff.values_list("pk", flat=True)), at=at)


def staff_signed_in() -> int:
    """How many members of staff have a session now."""
    staff = User.objects.exclude(staff_role="").values("pk")
    return Session.objects.filter(user_id__in=staff).values("user_id").distinct().count()


def reach(workspaces: Iterable[UUID]) -> tuple[int, int]:
    """How many API keys and people ``revoke_keys`` and ``end_sessions`` would reach."""
    found, people = 0, set[UUID]()
    for workspace in workspaces:
        with scope.workspace(workspace):
            found += ApiKey.objects.filter(workspace_id=workspace, revoked_at=None).count()
            people |= set(Membership.objects.filter(workspace_id=workspace).values_list("user_id", flat=True))
    return found, len(people)


def _sign_out(people: set[UUID], *, at: dt.datetime) -> int:
    Session.objects.filter(user_id__in=people).delete()
    for person in people:
        tokens.end_all(user_id=person, at=at)
    return len(people)


@receiver(published, dispatch_uid="accounts.incidents")
def _tell(*, notice: IncidentNotice, audience: str, at: dt.datetime, **_signal: Any) -> int:
    """Owe a mail and a line on their page to each person of the audience; how many."""
    roles = CONTROLLERS if audience == IncidentEntry.Audience.CONTROLLERS else tuple(Role.values)
    people = notices.people(notice.workspace_id, *roles)
    params = {"notice": str(notice.pk)}
    return notifications.notify(workspace=notice.workspace_id, kind=KIND, people=people, params=params, at=at)


def _context(row: Notification) -> Mapping[str, Any] | None:
    notice = IncidentNotice.objects.filter(pk=UUID(row.params["notice"])).first()
    if notice is None:
        return None
    name = Workspace.objects.values_list("name", flat=True).get(pk=notice.workspace_id)
    return {
        "title": notice.title,
        "paragraphs": notice.text.split("\n\n"),
        "workspace": name,
        "at": notice.at,
        "url": mail.link(ADDRESS),
    }


notifications.register(
    KIND,
    notifications.Kind(
        category=Category.SECURITY,
        title=_("A security incident concerns this workspace"),
        icon="shield-exclamation",
        url=lambda _params: ADDRESS,
        template="accounts/security_incident",
        context=_context,
    ),
)
