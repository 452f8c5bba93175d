"""Finding a workspace, and what a grant shows of it at a glance."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET
from phonenumbers import country_code_for_region

from accounts import directory
from accounts.access import staff_page
from accounts.looks import granted, shown
from accounts.models import StaffGrant, User, Workspace
from accounts.models.user import StaffRole
from accounts.suspending import Cause
from billing.models import Account
from messaging.models import Message, Sender
from messaging.views import listing
from privacy import profiles
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import staff
from smsplatform.lib.tenancy.staff import Level
from smsplatform.staff_navigation import WORKERS
from smsplatform.views.staff import people

RECENT = 5


@staff_page()
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Search by name or id. Nobody needs a grant to find a workspace, and nobody sees more of it here."""
    assert isinstance(request.user, User)
    if request.user.staff_role == StaffRole.AUDITOR:
        return redirect("staff_grants")
    wanted, at = request.GET.get("q", "")[:80], clock.now()
    mine = StaffGrant.objects.using(staff.ALIAS).filter(
        staff_id=request.user.pk, expires_at__gt=at, ended_at=None, refused_at=None
    )
    active = {grant.workspace_id: grant for grant in mine.order_by("level", "expires_at")}
    found = [(place, active.get(place.id)) for place in directory.find(wanted)]
    return render(request, "staff/workspaces.html", {"wanted": wanted, "found": found, "max": directory.FOUND_MAX})


@staff_page(*WORKERS)
@granted(Level.METADATA)
@require_GET
def show(request: HttpRequest, workspace: UUID) -> HttpResponse:
    """State, money, recent messages, who belongs to it: numbers and addresses as the level allows."""
    look = request.look  # type: ignore[attr-defined]  # set by granted
    at = clock.now()
    messages = list(
        Message.objects.readable(at=at)
        .unrestricted()
        .filter(workspace_id=workspace)
        .with_state()
        .order_by("-id")[:RECENT]
    )
    row = Workspace.objects.only("created_at", "body_hours", "sends_max").get(pk=workspace)
    context = {
        "page": "overview",
        "row": row,
        "hours": row.body_hours or int(profiles.duration("retention.body").total_seconds() // 3600),
        "wallets": list(Account.objects.filter(workspace_id=workspace).order_by("kind", "currency")),
        "rows": rows_of(messages, look.level),
        "team": people.of_grant(look.level),
        "causes": Cause.choices,
    }
    kinds = ["workspace_meta", "delivery_meta", "account_meta", "money"]
    if messages and look.level >= Level.IDENTIFIERS:
        kinds.append("msisdn")
    return shown(request, "staff/workspace.html", context, kinds=kinds, count=1 + len(messages), subject=workspace)


def rows_of(messages: list[Message], level: Level) -> list[dict[str, Any]]:
    """Messages as a list shows them: below the level of identifiers the country stands for the number."""
    senders = Sender.objects.in_bulk({message.sender_id for message in messages})
    return [
        {
            "id": ids.encode(ids.MESSAGE, message.id),
            "message": message,
            "state": message.state,  # type: ignore[attr-defined]  # annotated by with_state()
            "number": number_of(message, level),
            "sender": senders[message.sender_id].address if message.sender_id in senders else "",
        }
        for message in messages
    ]


def number_of(message: Message, level: Level) -> str:
    """The recipient as the level allows; empty when the number was removed."""
    if message.to_ct is None:
        return ""
    if level < Level.IDENTIFIERS:
        return f"+{country_code_for_region(message.country)} ••••"
    return listing.number_of(message)
