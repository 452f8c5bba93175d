"""Disclosures to authorities, for people: who is told, who belongs to a workspace, and staff's leave."""

import datetime as dt
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import connections
from django.dispatch import receiver
from django.utils.translation import gettext_lazy as _

from accounts import notices, notifications
from accounts.models import Notification, StaffGrant, Workspace
from accounts.models.grant import Reason
from accounts.models.notification import Category
from accounts.roles import Role
from privacy.disclosures import scope
from privacy.disclosures.register import Leave
from privacy.disclosures.telling import published
from privacy.models import DisclosureNotice
from smsplatform.lib import mail
from smsplatform.lib.tenancy import staff

KIND = "disclosure"
ADDRESS = "/disclosures"
TOLD = (Role.OWNER, Role.ADMIN)


def leave_of(*, staff_id: UUID, workspace: UUID, at: dt.datetime) -> StaffGrant | None:
    """The deepest grant for legal process that this person has for a workspace now, with a second person if any."""
    rows = StaffGrant.objects.using(staff.ALIAS).filter(
        staff_id=staff_id, workspace_id=workspace, category=Reason.LEGAL_PROCESS, starts_at__lte=at,
        expires_at__gt=at, ended_at=None, refused_at=None,
    )  # fmt: skip
    return rows.order_by("-level", "-expires_at").first()


def as_leave(grant: StaffGrant) -> Leave:
    """A grant in the words of the register."""
    assert grant.expires_at is not None  # it has begun
    return Leave(
        grant=grant.pk, workspace=grant.workspace_id, category=grant.category, level=grant.level,
        second=grant.approved_by, until=grant.expires_at,
    )  # fmt: skip


def _people(workspace: UUID) -> list[UUID]:
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT * FROM access.people_of(%s::uuid[])", [[workspace]])
        return [person for (person,) in cursor.fetchall()]


scope.people_by(_people)


@receiver(published, dispatch_uid="accounts.disclosing")
def _tell(*, notice: DisclosureNotice, at: dt.datetime, **_signal: Any) -> int:
    """Owe a mail and a line on their page to owners and admins; how many."""
    people = notices.people(notice.workspace_id, *TOLD)
    params = {"notice": str(notice.pk)}
    return notifications.notify(workspace=notice.workspace_id, kind=KIND, people=people, params=params, at=at)


def _context(row: Notification) -> Mapping[str, Any] | None:
    notice = DisclosureNotice.objects.filter(pk=UUID(row.params["notice"])).first()
    if notice is None:
        return None
    return {
        "workspace": Workspace.objects.values_list("name", flat=True).get(pk=notice.workspace_id),
        "authority": notice.authority,
        "release_at": notice.release_at,
        "handed_over": notice.handed_over_at is not None,
        "url": mail.link(ADDRESS),
    }


notifications.register(
    KIND,
    notifications.Kind(
        category=Category.SECURITY,
        title=_("An authority demands data of this workspace"),
        icon="scale",
        url=lambda _params: ADDRESS,
        template="accounts/disclosure",
        context=_context,
    ),
)
