import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsplatform.lib.api.framework import StrictJSONParser
from smsplatform.lib.api.parsers import BODY_MAX, check_text, loads_strict
from smsplatform.lib.api.problems import Problem

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


@given(values)
def test_every_harmless_document_is_read_as_the_standard_library_reads_it(value: object) -> None:
    assert loads_strict(json.dumps(value).encode()) == value
    assert loads_strict(json.dumps(value, ensure_ascii=False).encode()) == value


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        (b"", "invalid_json", None),
        (b"{", "invalid_json", None),
        (b"1 2", "invalid_json", None),
        (b"\xff\xfe", "invalid_json", None),
        (b"\xef\xbb\xbf{}", "invalid_json", None),
        (b'"\xed\xa0\x80"', "invalid_json", None),
        (b"{'a': 1}", "invalid_json", None),
        (b'{"a": 1,}', "invalid_json", None),
        (b'"a\nb"', "invalid_json", None),
        (b"[NaN]", "invalid_json", None),
        (b"-Infinity", "invalid_json", None),
        (b"[1e400]", "invalid_json", None),
        (b"1" * 101, "invalid_json", None),
        (b"[" * 65 + b"]" * 65, "invalid_json", None),
        (b"[" * 100_000, "invalid_json", None),
        (b'{"a": 1, "a": 1}', "duplicate_key", None),
        (b'{"a": {"b": 1, "\\u0062": 2}}', "duplicate_key", None),
        (b'{"body": "\\ud83d"}', "lone_surrogate", "#/body"),
        (b'{"messages": [{"body": "\\udc00x"}]}', "lone_surrogate", "#/messages/0/body"),
        (b'{"\\ud83d": 1}', "lone_surrogate", "#"),
        (b'{"body": "a\\u0000b"}', "control_character", "#/body"),
        (b'{"metadata": {"\\u0000": "x"}}', "control_character", "#/metadata"),
        (b'{"a/b~": "\\u0000"}', "control_character", "#/a~1b~0"),
    ],
)
def test_what_two_parsers_could_read_differently_is_refused(body: bytes, code: str, pointer: str | None) -> None:
    with pytest.raises(Problem) as caught:
        loads_strict(body)

    assert caught.value.code == code
    assert [error.pointer for error in caught.value.errors] == ([pointer] if pointer else [])


def test_a_pair_of_surrogates_is_one_character() -> None:
    assert loads_strict(b'"\\ud83d\\ude00"') == "😀"


def test_a_body_above_the_limit_is_refused_before_it_is_read() -> None:
    stream = io.BytesIO(b'"' + b"x" * BODY_MAX + b'"')

    with pytest.raises(Problem) as caught:
        StrictJSONParser().parse(stream)

    assert (caught.value.code, caught.value.status) == ("body_too_large", 413)
    assert stream.tell() == BODY_MAX + 1


def test_a_view_may_read_more() -> None:
    class View:
        body_max = 2 * BODY_MAX

    body = b'"' + b"x" * BODY_MAX + b'"'

    assert StrictJSONParser().parse(io.BytesIO(body), None, {"view": View()}) == "x" * BODY_MAX


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("hello", None),
        ("héllo 😀", None),
        ("\n\t", None),
        ("", None),
        ("a\x00", "control_character"),
        ("a\ud800", "lone_surrogate"),
    ],
)
def test_the_check_of_one_text_names_what_is_wrong(text: str, code: str | None) -> None:
    assert check_text(text) == code
