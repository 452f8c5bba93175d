"""The SQL that the migrations install: the ledger, and the triggers that keep approved prices."""

from pathlib import Path

_HERE = Path(__file__).parent
LEDGER = ("tables", "post", "rights", "partial", "holds", "caps")  # in the order in which they build on each other


def read(name: str) -> str:
    """The text of one file, by its name without ending."""
    return (_HERE / f"{name}.sql").read_text()
