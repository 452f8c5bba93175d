from typing import Any

from django.core.management.base import BaseCommand, CommandError

from privacy import vault


class Command(BaseCommand):
    help = "Make the vault that VAULT names, with its first key. An existing vault stays as it is."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """A PKCS#11 token must exist already: its own tools make it (softhsm2-util --init-token)."""
        try:
            epoch = vault.initialise().epoch()
        except vault.VaultError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"The vault is ready; its newest key is epoch {epoch}.")
