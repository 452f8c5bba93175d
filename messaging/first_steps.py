"""What a new workspace still has to do before it sends in earnest, and who does not want to be told."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef

from accounts.models import ApiKey, Workspace
from messaging.models import Message, Sender, SetupHidden, WebhookEndpoint
from smsplatform.lib import ids


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """Which of the first steps of a workspace are done, in their order; ``hidden`` by the person who asks."""

    api_keys: bool
    senders: bool
    send: bool
    webhooks: bool
    hidden: bool
    currency: str


def progress(*, workspace: UUID, person: UUID) -> Progress:
    """As of now, in one query, inside the scope of the workspace."""
    ours = {"workspace_id": OuterRef("pk")}
    found = Workspace.objects.filter(pk=workspace).annotate(
        api_keys_done=Exists(ApiKey.objects.filter(**ours)),
        senders_done=Exists(Sender.objects.filter(**ours, state=Sender.State.APPROVED)),
        send_done=Exists(Message.objects.filter(**ours)),
        webhooks_done=Exists(WebhookEndpoint.objects.filter(**ours, callback_idx__isnull=True)),
        hidden=Exists(SetupHidden.objects.filter(**ours, user_id=person)),
    )
    row = found.values("api_keys_done", "senders_done", "send_done", "webhooks_done", "hidden", "currency").get()
    return Progress(
        api_keys=row["api_keys_done"],
        senders=row["senders_done"],
        send=row["send_done"],
        webhooks=row["webhooks_done"],
        hidden=row["hidden"],
        currency=row["currency"],
    )


def hide(*, workspace: UUID, person: UUID, at: dt.datetime) -> None:
    """Not show the steps to this person here again. No act on anybody's data, so it leaves no trail."""
    SetupHidden.objects.get_or_create(workspace_id=workspace, user_id=person, defaults={"id": ids.uuid7(), "at": at})
