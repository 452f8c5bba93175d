from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from privacy import keyring, vault


class Command(BaseCommand):
    help = "Give the vault a new key and wrap every workspace's root key under it. The platform keeps running."

    def add_arguments(self, parser: CommandParser) -> None:
        """Without options: rotate and rewrap."""
        parser.add_argument("--resume", action="store_true", help="only wrap what an interrupted run left behind")
        parser.add_argument(
            "--retire", type=int, metavar="EPOCH", help="afterwards destroy this older key of the vault"
        )

    def handle(self, *args: Any, resume: bool, retire: int | None, **options: Any) -> None:
        """Retiring comes last, when nothing is wrapped under that epoch any more."""
        try:
            keys = vault.current()
            epoch = keys.epoch() if resume else keys.rotate()
            self.stdout.write(f"{keyring.rewrap()} root keys are now under epoch {epoch}.")
            if retire is not None:
                keys.retire(retire)
                self.stdout.write(f"Epoch {retire} is destroyed. Backups of the key store from before are void.")
        except vault.VaultError as error:
            raise CommandError(str(error)) from None
