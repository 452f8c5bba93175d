from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from messaging import provisioning
from messaging.models import Sender
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope


class Command(BaseCommand):
    help = "List the senders of a workspace, or approve or reject one of them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("act", choices=("list", "approve", "reject"))
        parser.add_argument("workspace", help="the workspace's id, wsp_…")
        parser.add_argument("sender", nargs="?", help="the sender's id, snd_…")
        parser.add_argument("--reason", default="", help="why it is rejected, in words for the workspace")

    def handle(self, *args: Any, **options: Any) -> None:
        with scope.workspace(_id(ids.WORKSPACE, options["workspace"])):
            if options["act"] == "list":
                for sender in Sender.objects.order_by("id"):
                    self.stdout.write(f"{ids.encode(ids.SENDER, sender.id)}  {sender.state}  {sender.address}")
                return
            self._decide(options)

    def _decide(self, options: dict[str, Any]) -> None:
        approved, reason = options["act"] == "approve", options["reason"].strip()
        if not approved and not reason:
            raise CommandError("Say why with --reason: the workspace reads it.")
        sender = Sender.objects.filter(pk=_id(ids.SENDER, options["sender"] or "")).first()
        if sender is None or sender.state == Sender.State.WITHDRAWN:
            raise CommandError("The workspace has no such sender.")
        provisioning.decide_sender(sender=sender, approved=approved, reason=reason, by=None, at=clock.now())
        self.stdout.write("Approved." if approved else "Rejected.")


def _id(prefix: str, text: str) -> UUID:
    try:
        return ids.decode(prefix, text)
    except ids.InvalidId:
        raise CommandError(f"An id of this kind looks like {prefix}_ and 26 characters.") from None
