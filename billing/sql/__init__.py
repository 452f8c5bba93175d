"""The ledger's tables and functions, as the migrations install them."""

from pathlib import Path

_HERE = Path(__file__).parent


def read(name: str) -> str:
    """The text of one SQL file of the ledger: ``tables``, ``post`` or ``rights``."""
    return (_HERE / f"{name}.sql").read_text()
