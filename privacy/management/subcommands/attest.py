"""``manage.py privacy attest``: say that somebody saw the evidence for a promise."""

import datetime as dt
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from privacy.promises import evaluating, promises
from smsplatform.lib import clock

HELP = "Record an attestation: what was seen, where it is, and until when it counts."


def arguments(parser: ArgumentParser) -> None:
    """What a person says."""
    parser.add_argument("promise", help="such as otp-46")
    parser.add_argument("evidence", help="what was seen, without names of people")
    parser.add_argument("document", help="SHA-256 of the document, or where it is")
    parser.add_argument("--until", metavar="DATE", type=dt.date.fromisoformat, help="default: as long as it lasts")


def run(
    command: BaseCommand, *, promise: str, evidence: str, document: str, until: dt.date | None, **options: Any
) -> None:
    """Refuses promises that ask for no attestation."""
    at = clock.now()
    found = next((each for each in promises() if each.id == promise), None)
    if found is None or found.attested is None:
        raise CommandError(f"{promise} asks for no attestation.", returncode=1)
    row = evaluating.attest(
        promise=found,
        by=None,
        evidence=evidence,
        document=document,
        expires_on=until or (at + found.attested.lasts).date(),
        at=at,
    )
    command.stdout.write(f"{promise} is attested until {row.expires_on}.")
