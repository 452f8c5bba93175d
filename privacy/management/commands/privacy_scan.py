from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from privacy import scanner


class Command(BaseCommand):
    help = "Search samples of all tables for personal data where none was declared, and for values that are not sealed."

    def add_arguments(self, parser: CommandParser) -> None:
        """How much to read."""
        parser.add_argument("--rows", type=int, default=200, help="newest rows of each table (and workspace)")
        parser.add_argument("--workspaces", type=int, default=50, help="newest workspaces")

    def handle(self, *args: Any, rows: int, workspaces: int, **options: Any) -> None:
        """Exit code 1 when something was found. Values are never printed."""
        report = scanner.scan(rows_max=rows, workspaces_max=workspaces)
        for finding in report.findings:
            self.stdout.write(f"{finding.column}: {finding.what} in {finding.rows} rows")
        for label in report.unread:
            self.stdout.write(f"{label}: not read, no role of this process may")
        self.stdout.write(f"{report.rows} rows read.")
        if report.findings:
            raise CommandError(f"{len(report.findings)} findings.", returncode=1)
