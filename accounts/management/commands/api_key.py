import ipaddress
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import keys
from accounts.models import ApiKey, Workspace
from accounts.roles import Scope
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope


class Command(BaseCommand):
    help = "Make, list or revoke the API keys of a workspace. A secret is printed once and never again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("workspace", help="the workspace's id, wsp_…")
        parser.add_argument("--create", metavar="NAME", help="make a key")
        parser.add_argument("--live", action="store_true", help="the new key sends real messages")
        parser.add_argument("--scope", action="append", choices=Scope.values, help="repeat for several; all by default")
        parser.add_argument("--ip", action="append", default=[], help="an address or range the key may be used from")
        parser.add_argument("--revoke", metavar="KEY", help="stop a key at once, key_…")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            workspace_id = ids.decode(ids.WORKSPACE, options["workspace"])
        except ids.InvalidId:
            raise CommandError("A workspace's id looks like wsp_ and 26 characters.") from None
        with scope.workspace(workspace_id):
            workspace = Workspace.objects.filter(pk=workspace_id).first()
            if workspace is None:
                raise CommandError("There is no such workspace.")
            if options["create"]:
                self._create(workspace, options)
            elif options["revoke"]:
                self._revoke(options["revoke"])
            else:
                self._list()

    def _create(self, workspace: Workspace, options: dict[str, Any]) -> None:
        try:
            ranges = [str(ipaddress.ip_network(text, strict=False)) for text in options["ip"]]
        except ValueError:
            raise CommandError("--ip takes an address such as 192.0.2.7 or a range such as 192.0.2.0/24.") from None
        _, secret = keys.create(
            workspace=workspace,
            name=options["create"],
            livemode=options["live"],
            scopes=options["scope"] or list(Scope),
            ip_ranges=ranges,
            by=None,
            at=clock.now(),
        )
        self.stdout.write(secret)

    def _revoke(self, text: str) -> None:
        try:
            key = ApiKey.objects.filter(pk=ids.decode(ids.KEY, text)).first()
        except ids.InvalidId:
            key = None
        if key is None:
            raise CommandError("This workspace has no such key.")
        keys.revoke(key=key, by=None, at=clock.now())
        self.stdout.write("Revoked.")

    def _list(self) -> None:
        for key in ApiKey.objects.order_by("id"):
            state = "revoked" if key.revoked_at else "in force"
            self.stdout.write(f"{ids.encode(ids.KEY, key.id)}  {key.prefix}…{key.last4}  {state}  {key.name}")
