"""Security incidents, for people: the mails they are owed, and accesses taken away at once.

Accesses are taken away over all workspaces at once, as the system: staff pages themselves reach no customer's rows.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, LiteralString
from uuid import UUID

from django.db import connections, transaction
from django.dispatch import receiver
from django.utils.translation import gettext_lazy as _

from accounts import notices, notifications, tokens
from accounts.models import Notification, Session, User, Workspace
from accounts.models.notification import Category
from accounts.roles import Role
from privacy import audit
from privacy.breaches.notices import published
from privacy.models import IncidentEntry, IncidentNotice
from smsplatform.lib import mail

DATABASE = "system"
KIND = "security_incident"
ADDRESS = "/security-notices"
# Who stands for the controller; everybody with an account is a user.
CONTROLLERS = (Role.OWNER, Role.ADMIN)


def revoke_keys(workspaces: Sequence[UUID], *, by: UUID, at: dt.datetime) -> int:
    """Revoke every API key of these workspaces, each with an event in its log; how many."""
    with transaction.atomic(using=DATABASE):
        revoked = _rows("SELECT * FROM access.revoke_keys_of(%s::uuid[], %s)", [list(workspaces), at])
        for workspace, key in revoked:
            _record("staff:api_key:revoked", workspace, by, at, key=str(key))
    return len(revoked)


def end_sessions(workspaces: Sequence[UUID], *, by: UUID, at: dt.datetime) -> int:
    """Sign everybody of these workspaces out, in browsers and apps; how many people."""
    count = _sign_out(_people(workspaces), at=at)
    with transaction.atomic(using=DATABASE):
        for workspace in workspaces:
            _record("staff:session:revoked", workspace, by, at)
    return count


def end_staff_sessions(*, by: UUID, at: dt.datetime) -> int:
    """Sign every member of staff out, except who does it; how many people."""
    staff = User.objects.exclude(staff_role="").exclude(pk=by)
    return _sign_out(set(staff.values_list("pk", flat=True)), at=at)


def valid_keys(workspaces: Sequence[UUID]) -> int:
    """How many keys ``revoke_keys`` would reach."""
    return int(_rows("SELECT access.valid_keys_of(%s::uuid[])", [list(workspaces)])[0][0])


def signed_in(workspaces: Sequence[UUID]) -> int:
    """How many people ``end_sessions`` would reach."""
    return len(_people(workspaces))


def staff_signed_in() -> int:
    """How many members of staff have a session now."""
    staff = User.objects.exclude(staff_role="").values("pk")
    return Session.objects.filter(user_id__in=staff).values("user_id").distinct().count()


def mails_waiting(notices: Sequence[UUID]) -> int:
    """How many mails about these notices have not gone out yet."""
    return int(_rows("SELECT access.incident_mails_waiting(%s::text[])", [[str(one) for one in notices]])[0][0])


def _people(workspaces: Sequence[UUID]) -> set[UUID]:
    return {person for (person,) in _rows("SELECT * FROM access.people_of(%s::uuid[])", [list(workspaces)])}


def _sign_out(people: set[UUID], *, at: dt.datetime) -> int:
    Session.objects.filter(user_id__in=people).delete()
    for person in people:
        tokens.end_all(user_id=person, at=at)
    return len(people)


def _record(action: str, workspace: UUID, by: UUID, at: dt.datetime, **details: str) -> None:
    told = {"reason": "incident", **details}
    audit.record(action=action, workspace=workspace, actor=by, at=at, details=told, using=DATABASE)


def _rows(sql: LiteralString, arguments: list[Any]) -> list[tuple[Any, ...]]:
    with connections[DATABASE].cursor() as cursor:
        cursor.execute(sql, arguments)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


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
