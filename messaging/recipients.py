"""What a person who showed that a number is theirs may see: who texted it, when, and how often. Never what.

Each workspace is entered for itself; those that hold nothing but an opt-out are left out.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from accounts.models import Workspace
from messaging.drafting import number_index
from messaging.models import Message, Sender, Suppression
from privacy import keyring
from smsplatform.lib import ids
from smsplatform.lib.tenancy import scope

STOPS = (Suppression.Reason.OBJECTION, Suppression.Reason.RESTRICTION)


@dataclass(frozen=True, kw_only=True, slots=True)
class Texted:
    """A workspace that texted a number, under which names, when, and whether it still may."""

    workspace: UUID
    name: str
    senders: list[str]
    texts: int
    first_at: dt.datetime
    last_at: dt.datetime
    stopped: bool


def texted(msisdn: str, workspaces: Iterable[UUID], *, at: dt.datetime) -> list[Texted]:
    """Who texted a number, the latest first; outside of any scope."""
    found = [one for workspace in workspaces if (one := _texted(workspace, msisdn, at)) is not None]
    return sorted(found, key=lambda one: one.last_at, reverse=True)


def _texted(workspace: UUID, msisdn: str, at: dt.datetime) -> Texted | None:
    index = number_index(keyring.key(workspace, keyring.Purpose.INDEX), msisdn)
    with scope.workspace(workspace):
        seen = Message.objects.readable(at=at).filter(workspace_id=workspace, to_idx=index)
        sent = seen.order_by("id").values_list("id", flat=True)
        first, last = sent.first(), sent.last()
        if first is None or last is None:
            return None
        stops = Suppression.objects.filter(workspace_id=workspace, to_idx=index)
        senders = Sender.objects.filter(id__in=seen.values("sender_id"))
        return Texted(
            workspace=workspace,
            name=Workspace.objects.values_list("name", flat=True).get(pk=workspace),
            senders=sorted(sender.address for sender in senders),
            texts=seen.count(),
            first_at=ids.time_of(first),
            last_at=ids.time_of(last),
            stopped=stops.filter(reason__in=STOPS).exists(),
        )
