from typing import Any

from django.core.management.base import BaseCommand

from accounts import signing_keys
from smsplatform.lib import clock


class Command(BaseCommand):
    help = "Sign access tokens with a new key. The former stays published until every token it signed is over."

    def handle(self, *args: Any, **options: Any) -> None:
        made = signing_keys.rotate(at=clock.now())
        self.stdout.write(f"New tokens are signed with {made.id}, by every process within a minute.")
