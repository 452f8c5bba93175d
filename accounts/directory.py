"""Workspaces as staff find them without a grant: id, name and state, as in a telephone book."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db import connections

from smsplatform.lib import ids
from smsplatform.lib.tenancy import staff

FOUND_MAX = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """One workspace."""

    id: UUID
    name: str
    created_at: dt.datetime
    closed_at: dt.datetime | None
    erased_at: dt.datetime | None
    suspended_at: dt.datetime | None
    staff_approval: bool
    erase_at: dt.datetime | None
    closing_asked_at: dt.datetime | None

    @property
    def public_id(self) -> str:
        """As it stands in addresses."""
        return ids.encode(ids.WORKSPACE, self.id)

    @property
    def state(self) -> str:
        """open, suspended, closed or erased."""
        if self.erased_at:
            return "erased"
        if self.closed_at:
            return "closed"
        return "suspended" if self.suspended_at else "open"


def find(text: str) -> list[Listed]:
    """Workspaces by public id or a part of their name, newest first; all of them for an empty text."""
    text = text.strip()
    if text.startswith(f"{ids.WORKSPACE}_"):
        try:
            return _asked(ids.decode(ids.WORKSPACE, text), "")
        except ids.InvalidId:
            return []
    return _asked(None, text)


def get(workspace: UUID) -> Listed | None:
    """One workspace."""
    return next(iter(_asked(workspace, "")), None)


def names(workspaces: Collection[UUID]) -> dict[UUID, str]:
    """What these workspaces are called."""
    with connections[staff.ALIAS].cursor() as cursor:
        cursor.execute("SELECT id, name FROM access.workspace_names(%s::uuid[])", [list(workspaces)])
        return dict(cursor.fetchall())


def _asked(workspace: UUID | None, text: str) -> list[Listed]:
    with connections[staff.ALIAS].cursor() as cursor:
        cursor.execute("SELECT * FROM access.find_workspaces(%s::uuid, %s, %s)", [workspace, text, FOUND_MAX])
        return [Listed(**dict(zip(Listed.__slots__, row, strict=True))) for row in cursor.fetchall()]
