"""A further workspace, and what its people may change about one."""

import datetime as dt
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.conf import settings

from accounts import joining, provisioning
from accounts.models import User, Workspace
from accounts.signals import workspace_opened
from privacy import audit, profiles

# What a setting of the profile must allow before it is asked for; the name of a workspace is always there.
PROFILE = {
    "company": "company",
    "contact_name": "company",
    "contact_email": "company",
    "contact_phone": "phone",
}
PLAIN = ("name", "time_zone", "body_hours", "metadata_days", "receipts", "require_second_factor", "staff_approval")
PERIODS = ("body_hours", "metadata_days")


def longest() -> dict[str, int]:
    """What the policy allows at most of each period that a workspace may shorten."""
    return {
        "body_hours": profiles.duration("retention.body") // dt.timedelta(hours=1),
        "metadata_days": profiles.duration("retention.delivery_meta").days,
    }


def collected() -> list[str]:
    """The fields about company and contact that this installation collects."""
    return [field for field, needs in PROFILE.items() if needs in profiles.value("profile.collect")]


def open_new(*, name: str, owner: User, at: dt.datetime) -> Workspace:
    """A workspace of a person who has signed in already, outside of any scope."""
    workspace = provisioning.create_workspace(name=name, owner=owner, price_plan_id=UUID(settings.PRICE_PLAN), at=at)
    workspace_opened.send(sender=Workspace, workspace=workspace, by=owner.pk, at=at)
    return workspace


def change(*, workspace: Workspace, values: Mapping[str, Any], by: UUID, at: dt.datetime) -> list[str]:
    """Put settings, in the open scope; the names of those that differ now. What is not collected is not taken."""
    known = [*PLAIN, *collected()]
    changed = [
        field for field in known if field in values and getattr(workspace, field) != (values[field] or _empty(field))
    ]
    for field in changed:
        setattr(workspace, field, values[field] or _empty(field))
    if changed:
        workspace.save(update_fields=changed)
        details = {f"field_{number}": field for number, field in enumerate(changed, 1)}
        audit.record(action="user:workspace:changed", workspace=workspace.pk, actor=by, at=at, details=details)
    return changed + _join_link(workspace, values, by, at)


def _empty(field: str) -> Any:
    """What stands for nothing: an encrypted field that was emptied holds no value at all."""
    return None if field in PROFILE or field in PERIODS else False


def _join_link(workspace: Workspace, values: Mapping[str, Any], by: UUID, at: dt.datetime) -> list[str]:
    if "join_link" not in values or values["join_link"] == bool(workspace.join_token):
        return []
    (joining.switch_on if values["join_link"] else joining.switch_off)(workspace=workspace, by=by, at=at)
    return ["join_link"]
