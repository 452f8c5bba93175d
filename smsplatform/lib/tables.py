"""Tables for download, row by row, so that a long one never stands in memory.

Spreadsheets run what looks like a formula. A cell that begins like one gets an apostrophe in front, which they show as
text (OWASP, CSV injection); numbers keep their sign.
"""

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_NUMBER = re.compile(r"[+-]?\d{1,15}(\.\d+)?", re.ASCII)


class _Line:
    """What ``csv.writer`` writes to: gives each line back."""

    def write(self, line: str) -> str:
        return line


def csv_cell(value: object) -> str:
    """One value as text that no spreadsheet runs."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) and not _NUMBER.fullmatch(text) else text


def csv_row(values: Sequence[object]) -> str:
    """One line of CSV (RFC 4180), with its end."""
    line: str = csv.writer(_Line()).writerow([csv_cell(value) for value in values])
    return line


def csv_lines(header: Sequence[object], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """A whole table as CSV, with the mark by which spreadsheets know that it is UTF-8."""
    yield "\ufeff" + csv_row(header)
    for row in rows:
        yield csv_row(row)


def json_lines(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """A JSON array, one object a line."""
    before = "["
    for row in rows:
        yield f"{before}\n{json.dumps(row, ensure_ascii=False, default=str)}"
        before = ","
    yield "[]\n" if before == "[" else "\n]\n"
