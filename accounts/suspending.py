"""Stopping a workspace or one of its keys, and letting it go on: by staff, under a grant."""

import datetime as dt
from uuid import UUID

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiKey, Workspace
from privacy import audit


class Cause(TextChoices):
    """Why a workspace is stopped. Values are stored."""

    ABUSE = "abuse", _("Abuse: spam, phishing, traffic of machines")
    SECURITY = "security", _("Security: its keys or accounts are in wrong hands")
    PAYMENT = "payment", _("Payment: it does not pay or pays with what is not its own")
    LEGAL = "legal", _("An order of an authority")


def suspend(*, workspace: UUID, cause: Cause, grant: UUID, by: UUID, at: dt.datetime) -> bool:
    """Refuse everything the workspace sends, in its open scope; False when it is stopped already."""
    rows = Workspace.objects.using("default").filter(pk=workspace, suspended_at=None)
    if not rows.update(suspended_at=at, suspended_for=cause):
        return False
    _record("workspace:suspended", workspace, by, at, {"grant": str(grant), "for": str(cause)})
    return True


def reinstate(*, workspace: UUID, grant: UUID, by: UUID, at: dt.datetime) -> bool:
    """Let it go on, in its open scope; False when it was not stopped."""
    rows = Workspace.objects.using("default").filter(pk=workspace, suspended_at__isnull=False)
    if not rows.update(suspended_at=None, suspended_for=""):
        return False
    _record("workspace:reinstated", workspace, by, at, {"grant": str(grant)})
    return True


def suspend_key(*, workspace: UUID, key: UUID, grant: UUID, by: UUID, at: dt.datetime) -> bool:
    """Refuse one key, in the open scope; False when it is stopped or revoked already."""
    rows = ApiKey.objects.using("default").filter(pk=key, workspace_id=workspace, suspended_at=None, revoked_at=None)
    if not rows.update(suspended_at=at):
        return False
    _record("api_key:suspended", workspace, by, at, {"grant": str(grant), "key": str(key)})
    return True


def reinstate_key(*, workspace: UUID, key: UUID, grant: UUID, by: UUID, at: dt.datetime) -> bool:
    """Let a key go on, in the open scope; False when it was not stopped."""
    rows = ApiKey.objects.using("default").filter(pk=key, workspace_id=workspace, suspended_at__isnull=False)
    if not rows.update(suspended_at=None):
        return False
    _record("api_key:reinstated", workspace, by, at, {"grant": str(grant), "key": str(key)})
    return True


def _record(what: str, workspace: UUID, by: UUID, at: dt.datetime, details: dict[str, str]) -> None:
    audit.record(action=f"staff:{what}", workspace=workspace, actor=by, at=at, details=details)
