import getpass
import uuid
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError

from accounts import provisioning
from accounts.models import User
from smsplatform.lib import clock, ids


class Command(BaseCommand):
    help = "Make a workspace and its owner (asked for a password unless the person exists). Prints the workspace's id."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="what the workspace is called")
        parser.add_argument("email", help="the owner's address")
        parser.add_argument("--plan", type=uuid.UUID, required=True, help="the price plan's id (see prices_import)")
        parser.add_argument("--currency", default="EUR")

    def handle(self, *args: Any, **options: Any) -> None:
        at = clock.now()
        owner = User.objects.filter(email_idx=User.email_index(options["email"])).first()
        if owner is None:
            password = getpass.getpass("Password of the owner: ")
            if len(password) < 10:
                raise CommandError("A password has at least ten characters. Nothing was made.")
            try:
                owner = provisioning.create_user(email=options["email"], password=password, at=at)
            except IntegrityError:
                raise CommandError("Somebody made this person at the same moment. Try again.") from None
        workspace = provisioning.create_workspace(
            name=options["name"], owner=owner, price_plan_id=options["plan"], currency=options["currency"], at=at
        )
        self.stdout.write(ids.encode(ids.WORKSPACE, workspace.id))
