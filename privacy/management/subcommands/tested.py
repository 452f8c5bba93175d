"""``manage.py privacy tested``: which tests show which promises."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from privacy.promises import tested

HELP = "Compare the list of tests that show promises with the tests' source."


def arguments(parser: ArgumentParser) -> None:
    """Compare, or renew."""
    parser.add_argument("--write", action="store_true", help="renew the list")


def run(command: BaseCommand, *, write: bool, **options: Any) -> None:
    """Exit code 1 when the list is not what the source says."""
    text = tested.text(tested.scan(settings.ROOT))
    if write:
        tested.FILE.write_text(text)
        command.stdout.write(f"Wrote {tested.FILE}.")
    elif not tested.FILE.exists() or tested.FILE.read_text() != text:
        raise CommandError("The list is not up to date: run `manage.py privacy tested --write`.", returncode=1)
