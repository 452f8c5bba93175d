import datetime as dt
import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from privacy import profiles
from privacy.sealing import copies, notes, proofs, sealer, signing, verification
from privacy.sealing.notes import Checkpoint, Verifier
from privacy.sealing.records import Log
from privacy.sealing.stored import StoredLog
from smsplatform.lib import clock


class Command(BaseCommand):
    help = (
        "The audit log: verify it (the database or a copy of it), copy it to a file, check a downloaded proof, seal "
        "what is new now, or show the public key. Exit code 1 names every row, seal or day that is not what was sealed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One verb, and what it works on."""
        parser.add_argument("verb", choices=["verify", "copy", "proof", "seal", "key"])
        parser.add_argument(
            "file",
            nargs="?",
            type=Path,
            help="copy: where to; verify: a copy instead of the database; proof: a downloaded proof",
        )
        parser.add_argument("--day", type=dt.date.fromisoformat, help="verify: one day (UTC) and the tree")
        parser.add_argument("--checkpoint", type=Path, help="verify: against a checkpoint that you kept")
        parser.add_argument("--key", help="verify: the public key of a copy from elsewhere; then without ours")

    def handle(self, *args: Any, verb: str, **options: Any) -> None:
        """Answers with what was looked at."""
        getattr(self, f"_{verb}")(options)

    def _verify(self, options: dict[str, Any]) -> None:
        question = _question(options)
        if options["file"]:
            report = verification.verify(_copy(options["file"]), question)
        else:
            with connections["system"].cursor() as cursor:
                report = verification.verify(StoredLog(cursor), question)
        for finding in report.findings:
            self.stdout.write(str(finding))
        self.stdout.write(
            f"{report.rows} rows in {report.seals} seals and {report.segments} days; {report.waiting} rows wait."
        )
        if not report.holds:
            raise CommandError(f"The log does not hold: {len(report.findings)} findings.", returncode=1)

    def _copy(self, options: dict[str, Any]) -> None:
        if not options["file"]:
            raise CommandError("Name the file to write.")
        with connections["system"].cursor() as cursor:
            written = copies.write(StoredLog(cursor), options["file"])
        self.stdout.write(f"{written} rows copied.")

    def _proof(self, options: dict[str, Any]) -> None:
        if not options["file"]:
            raise CommandError("Name the downloaded proof.")
        try:
            public = Verifier.parse(options["key"]) if options["key"] else signing.verifier()
            found: Any = json.loads(options["file"].read_text())
        except (OSError, ValueError) as error:
            raise CommandError(str(error)) from None
        if wrong := proofs.check(found, public):
            raise CommandError(f"The proof does not hold: {wrong}.", returncode=1)
        self.stdout.write(f"The proof holds: {found['row']}")

    def _seal(self, options: dict[str, Any]) -> None:
        self.stdout.write(f"{sealer.seal(at=clock.now())} rows sealed.")

    def _key(self, options: dict[str, Any]) -> None:
        self.stdout.write(str(signing.verifier()))


def _copy(path: Path) -> Log:
    try:
        return copies.CopiedLog(path)
    except (OSError, copies.InvalidCopy) as error:
        raise CommandError(f"{path}: {error}") from None


def _question(options: dict[str, Any]) -> verification.Question:
    try:
        public = Verifier.parse(options["key"]) if options["key"] else signing.verifier()
        return verification.Question(
            at=clock.now(),
            kept=profiles.duration("retention.audit"),
            public=public,
            keys=None if options["key"] else signing,
            day=options["day"],
            checkpoint=_checkpoint(options["checkpoint"], public) if options["checkpoint"] else None,
        )
    except (OSError, notes.InvalidNote) as error:
        raise CommandError(str(error)) from None


def _checkpoint(path: Path, public: Verifier) -> Checkpoint:
    note = path.read_text()
    return notes.checkpoint(Verifier(name=note.partition("\n")[0], key=public.key).open(note))
