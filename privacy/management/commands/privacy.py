from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from privacy.management import subcommands


class Command(BaseCommand):
    help = "Look at the promises of the published policy and what keeps them."

    def add_arguments(self, parser: CommandParser) -> None:
        """One subcommand per module of ``privacy.management.subcommands``."""
        choices = parser.add_subparsers(dest="subcommand", metavar="what", required=True)
        for name, module in _modules().items():
            module.arguments(choices.add_parser(name, help=module.HELP, description=module.HELP))

    def handle(self, *args: Any, subcommand: str, **options: Any) -> None:
        """Run it."""
        _modules()[subcommand].run(self, **options)


def _modules() -> dict[str, ModuleType]:
    return {
        found.name: import_module(f"{subcommands.__name__}.{found.name}")
        for found in iter_modules(subcommands.__path__)
    }
