"""``manage.py privacy fides``: the data map, for tools that read it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from privacy.documents import fides

HELP = "Print the data map in the format of Fides: what is held, in which tables, what for, about whom."


def arguments(parser: CommandParser) -> None:
    """There are none."""


def run(command: BaseCommand, **options: Any) -> None:
    """YAML on standard output."""
    command.stdout.write(fides.as_yaml(), ending="")
