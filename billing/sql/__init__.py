"""The SQL that the migrations install: the ledger, and the triggers that keep approved prices."""

from pathlib import Path

_HERE = Path(__file__).parent


def read(name: str) -> str:
    """The text of one file: ``tables``, ``post``, ``rights``, ``prices`` or ``funding``."""
    return (_HERE / f"{name}.sql").read_text()
