import sys
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.management.base import BaseCommand
from django.db import connections

from privacy import profiles, vault
from smsplatform import health
from smsplatform.lib import clock

HINTS = {
    "database": "Check the URL, that the server runs and that the role may sign in; then run manage.py upgrade.",
    "erasures": "See docs/operate.md, backups. Nothing is served or sent until it is done.",
    "broker": "Check BROKER_URL and that the server runs. Messages are accepted and wait meanwhile.",
    "queues": "Check that workers and beat run, and what they log.",
    "vault": "See docs/operate.md, keys.",
}


class Command(BaseCommand):
    help = "Look at every setting and ask every server; say what is wrong and how to put it right. Exit code 0 or 1."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Prints one line per finding; ends with 1 when there is an error."""
        findings = [*health.findings(at=clock.now()), _vault()]
        messages = [message for message in _messages(findings) if not message.is_silenced()]
        for message in messages:
            self._say(message)
        for finding in findings:
            self._tell(finding)
        self.stdout.write(f"{'policy profile':<20}{profiles.active()}")
        problems = sum(message.is_serious() for message in messages) + sum(not finding.ok for finding in findings)
        if problems:
            self.stdout.write(self.style.ERROR(f"{problems} to put right."))
            sys.exit(1)
        self.stdout.write(self.style.SUCCESS("Everything is in order."))

    def _say(self, message: checks.CheckMessage) -> None:
        style = self.style.ERROR if message.is_serious() else self.style.WARNING
        self.stdout.write(style(f"{message.id}  {message.msg}"))
        if message.hint:
            self.stdout.write(f"    {message.hint}")

    def _tell(self, finding: health.Finding) -> None:
        if finding.ok:
            self.stdout.write(f"{finding.name:<20}{self.style.SUCCESS('ok')}")
            return
        self.stdout.write(f"{finding.name:<20}{self.style.ERROR(f'FAILS  {finding.detail}')}")
        self.stdout.write(f"    {HINTS[finding.name.split()[0]]}")


def _messages(findings: Sequence[health.Finding]) -> list[checks.CheckMessage]:
    """All system checks, against the databases that answer: Django's own would end with an exception elsewhere."""
    answering = [name.removeprefix("database ") for name in (finding.name for finding in findings if finding.ok)]
    aliases = [alias for alias in connections if alias in answering]
    return list(checks.run_checks(include_deployment_checks=not settings.DEMO, databases=aliases or None))


def _vault() -> health.Finding:
    """Whether the vault opens: it says itself what is missing."""
    try:
        vault.current()
    except (vault.VaultError, OSError) as error:
        return health.Finding(name="vault", ok=False, detail=str(error))
    return health.Finding(name="vault", ok=True)
