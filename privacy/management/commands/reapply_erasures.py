from typing import Any

from django.core.management.base import BaseCommand, CommandError

from privacy import erasure
from smsplatform.lib import clock


class Command(BaseCommand):
    """After a restore, before anything is served."""

    help = "Erase again what a restored database brought back, by the marks in the key store."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = erasure.reapply(at=clock.now())
        except erasure.Stuck as error:
            raise CommandError(
                f"{error}: close those workspaces or give them another owner, then run this again."
            ) from None
        except erasure.TooOld as error:
            raise CommandError(str(error)) from None
        for model, rows in sorted(done.items()):
            self.stdout.write(f"{model}: {rows}")
        self.stdout.write("Everything that was erased is erased. The web serves again within seconds.")
