from typing import Any

from django.core.management.base import BaseCommand, CommandError

from privacy import retention
from smsplatform.lib import clock


class Command(BaseCommand):
    help = "Remove now what outlived its retention. The scheduled task does the same every five minutes."

    def handle(self, *args: Any, **options: Any) -> None:
        """Prints a line per unit; fails when one of them failed."""
        failed = []
        for run in retention.purge(at=clock.now()):
            self.stdout.write(f"{run.unit:24} {run.error or f'{run.removed} removed'}")
            if run.error:
                failed.append(run.unit)
        self.stdout.write(f"{'partitions':24} {retention.extend(at=clock.now())} made")
        if failed:
            raise CommandError(f"Not purged: {', '.join(failed)}. The log tells why.")
