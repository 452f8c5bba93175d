import csv
import io
import json

import pytest

from smsplatform.lib.tables import csv_cell, csv_lines, csv_row, json_lines


@pytest.mark.parametrize("formula", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\uff1d1", "+"])
def test_a_cell_that_looks_like_a_formula_is_text(formula: str) -> None:
    assert csv_cell(formula) == f"'{formula}"


@pytest.mark.parametrize("plain", ["Jo", "", "-12.50", "+4915123456789", "0"])
def test_numbers_and_words_stay_as_they_are(plain: str) -> None:
    assert csv_cell(plain) == plain


def test_what_is_written_is_read_back() -> None:
    rows: list[list[object]] = [["a,b", 'say "hi"', "two\nlines"], [None, 7, True]]

    text = "".join(csv_lines(["x", "y", "z"], rows))

    assert text.startswith("\ufeff")
    assert list(csv.reader(io.StringIO(text.removeprefix("\ufeff")))) == [
        ["x", "y", "z"],
        ["a,b", 'say "hi"', "two\nlines"],
        ["", "7", "True"],
    ]
    assert csv_row(["a"]) == "a\r\n"


@pytest.mark.parametrize("rows", [[], [{"a": 1}], [{"a": "ü"}, {"a": None}]])
def test_json_is_one_document(rows: list[dict[str, object]]) -> None:
    assert json.loads("".join(json_lines(rows))) == rows
