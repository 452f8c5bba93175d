"""``manage.py privacy check``: the register with what is known of each row now."""

import json
from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.termcolors import make_style

from privacy import profiles
from privacy.promises import Status, evaluating, sentence
from privacy.promises.evaluating import WEAKEST_FIRST, Standing
from privacy.promises.register import EVERY
from smsplatform.lib import clock

HELP = "Run every check and print each promise with its state."
COLOURS = {
    Status.PROVEN: make_style(fg="green"),
    Status.ATTESTED: make_style(fg="cyan"),
    Status.STALE: make_style(fg="yellow"),
    Status.GAP: make_style(fg="yellow", opts=("bold",)),
    Status.FAILING: make_style(fg="red", opts=("bold",)),
}
FAILS_ON = {"failing": {Status.FAILING}, "gap": {Status.FAILING, Status.GAP, Status.STALE}}


def arguments(parser: ArgumentParser) -> None:
    """What to show, and when to fail."""
    choices = [*profiles.PROFILES, profiles.STRICT, EVERY]
    parser.add_argument("--profile", choices=choices, default="", help="whose promises; default: the one in force")
    parser.add_argument("--fail-on", choices=[*FAILS_ON], help="exit 1 when a promise is in this state or a worse one")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    parser.add_argument("--stored", action="store_true", help="show the last results instead of looking again")


def run(command: BaseCommand, *, profile: str, fail_on: str | None, json: bool, stored: bool, **options: Any) -> None:
    """Exit code 1 as ``fail_on`` says. A profile that is not in force is looked at as if it were, and nothing kept."""
    found = _looked(profile, stored)
    _print_json(command, found, profile) if json else _print(command, found, profile)
    bad = [each for each in found if each.status in FAILS_ON.get(fail_on or "", ())]
    if bad:
        raise CommandError(f"{len(bad)} promises are not kept as they should be.", returncode=1)


def _looked(profile: str, stored: bool) -> list[Standing]:
    at = clock.now()
    if profile not in ("", EVERY, profiles.active()) and not stored:
        return evaluating.tried(profile=profile, at=at)
    if not stored:
        evaluating.run_all(at=at)
    return evaluating.standings(at=at, profile=profile)


def _print(command: BaseCommand, found: list[Standing], profile: str) -> None:
    colour = command.stdout.isatty()
    for status in reversed(WEAKEST_FIRST):
        rows = [each for each in found if each.status == status]
        if rows:
            command.stdout.write(_paint(f"\n{status.upper()} ({len(rows)})", status, colour))
        for each in rows:
            command.stdout.write(f"  {_paint(each.promise.id.ljust(12), status, colour)}{_line(each, profile)}")
    counts = Counter(each.status for each in found)
    summary = ", ".join(f"{counts[status]} {status}" for status in reversed(WEAKEST_FIRST))
    command.stdout.write(f"\nProfile {profile or profiles.active()}: {len(found)} promises, {summary}.")


def _line(each: Standing, profile: str) -> str:
    methods = "+".join(method for method in each.methods if method != "none")
    text = sentence(each.promise, profile="" if profile == EVERY else profile)
    return f"{text}{f' [{methods}]' if methods else ''}{f' – {each.why}' if each.why else ''}"


def _paint(text: str, status: Status, colour: bool) -> str:
    return COLOURS[status](text) if colour else text


def _print_json(command: BaseCommand, found: list[Standing], profile: str) -> None:
    rows = [
        {
            "id": each.promise.id,
            "clause": sentence(each.promise, profile="" if profile == EVERY else profile),
            "status": each.status,
            "methods": each.methods,
            "why": each.why,
            "checked_at": each.at.isoformat() if each.at else None,
            "fresh_until": each.until.isoformat() if each.until else None,
        }
        for each in found
    ]
    counts = Counter(each.status for each in found)
    document = {"profile": profile or profiles.active(), "counts": counts, "promises": rows}
    command.stdout.write(json.dumps(document, indent=1, ensure_ascii=False))
