import pytest
import smsutil
from hypothesis import given
from hypothesis import strategies as st

from smsplatform.lib import segments
from smsplatform.lib.segments import LoneSurrogate, NotEncodable, TooManyParts, count_fast, encode_parts, split

GSM7 = "".join(sorted(segments.BASIC | segments.EXTENDED))
texts = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=700)
gsm7_texts = st.text(alphabet=GSM7, max_size=700)


@pytest.mark.parametrize(
    ("text", "encoding", "parts", "units"),
    [
        ("", "gsm7", 1, 0),
        ("a" * 160, "gsm7", 1, 160),
        ("a" * 161, "gsm7", 2, 161),
        ("a" * 306, "gsm7", 2, 306),
        ("a" * 307, "gsm7", 3, 307),
        ("€" * 80, "gsm7", 1, 160),
        ("€" * 81, "gsm7", 2, 162),
        ("a" * 158 + "^", "gsm7", 1, 160),
        ("a" * 159 + "^", "gsm7", 2, 161),
        ("Δ" * 160, "gsm7", 1, 160),
        ("\f{}[]~|\\^€", "gsm7", 1, 20),
        ("ж" * 70, "ucs2", 1, 70),
        ("ж" * 71, "ucs2", 2, 71),
        ("ж" * 134, "ucs2", 2, 134),
        ("ж" * 135, "ucs2", 3, 135),
        ("ç", "ucs2", 1, 1),
        ("😀" * 35, "ucs2", 1, 70),
        ("😀" * 36, "ucs2", 2, 72),
        ("👩\u200d👩\u200d👧", "ucs2", 1, 8),
    ],
)
def test_counts_by_the_standard(text: str, encoding: str, parts: int, units: int) -> None:
    """Cases 38 and 39."""
    assert count_fast(text) == (encoding, parts, units)
    segmented = split(text)
    assert (segmented.encoding, segmented.parts, segmented.units) == (encoding, parts, units)


def test_an_extension_character_is_not_cut_in_two() -> None:
    """Case 38: 152 characters and an escape would fill the part, so the escape goes to the next one."""
    text = "a" * 152 + "€" + "b" * 10

    assert count_fast(text).parts == 2
    assert [len(part.payload) for part in encode_parts(text, "gsm7", 1)] == [152, 12]


def test_a_surrogate_pair_is_not_cut_in_two() -> None:
    """Case 39."""
    text = "ж" * 66 + "😀" + "ж" * 10

    assert [part.payload.decode("utf-16-be") for part in encode_parts(text, "ucs2", 1)] == ["ж" * 66, "😀" + "ж" * 10]


def test_a_part_with_a_wide_reference_holds_one_unit_less() -> None:
    """Case 40."""
    assert split("a" * 305, wide_reference=True).parts == 3
    assert split("ж" * 133, wide_reference=True).parts == 3
    parts = encode_parts("a" * 304, "gsm7", 0x1234, True)
    assert [part.udh for part in parts] == [b"\x06\x08\x04\x12\x34\x02\x01", b"\x06\x08\x04\x12\x34\x02\x02"]
    assert [len(part.payload) for part in parts] == [152, 152]


def test_the_header_names_reference_total_and_number() -> None:
    parts = encode_parts("a" * 161, "gsm7", 0x1FF)

    assert [part.udh for part in parts] == [b"\x05\x00\x03\xff\x02\x01", b"\x05\x00\x03\xff\x02\x02"]
    assert {part.data_coding for part in parts} == {0}


def test_the_at_sign_is_zero_in_the_middle_and_at_the_end() -> None:
    """Case 38."""
    assert segments.encode_gsm7("a@b@") == b"a\x00b\x00"
    assert segments.decode_gsm7(b"a\x00b\x00") == "a@b@"


def test_offending_characters_are_named_once_in_order() -> None:
    assert split("naïve ж ï").offending == ["ï", "ж"]
    assert split("naïve", "gsm7").offending == ["ï"]
    assert split("naive").offending == []
    assert split("naïve", "ucs2").offending == []


def test_smart_substitution_saves_the_alphabet() -> None:
    segmented = split("“It’s”\u00a0—\u00a0here…", smart=True)

    assert segmented.text == '"It\'s" - here...'
    assert (segmented.encoding, segmented.offending) == ("gsm7", [])


def test_smart_substitution_leaves_a_text_alone_that_stays_outside_the_alphabet() -> None:
    assert split("“да”", smart=True).text == "“да”"


@pytest.mark.parametrize("text", ["\ud800", "a\udc00b", "😀\ud83d" * 40])
def test_half_a_character_is_refused(text: str) -> None:
    for refused in (count_fast, split):
        with pytest.raises(LoneSurrogate) as raised:
            refused(text)
        assert raised.value.code == "lone_surrogate"


def test_characters_outside_the_charset_are_refused_and_never_replaced() -> None:
    """Case 43."""
    with pytest.raises(NotEncodable):
        encode_parts("ж", "gsm7", 1)
    with pytest.raises(NotEncodable):
        encode_parts("5 €", "gsm7", 1, charset="latin1")


def test_latin1_parts_are_cut_where_gsm7_parts_are() -> None:
    """Case 43: the price does not depend on the carrier's charset."""
    text = "ä[" * 80

    latin1 = encode_parts(text, "gsm7", 1, charset="latin1")
    gsm7 = encode_parts(text, "gsm7", 1)

    assert b"".join(part.payload for part in latin1).decode("latin-1") == text
    assert [part.payload.decode("latin-1") for part in latin1] == [segments.decode_gsm7(p.payload) for p in gsm7]


def test_more_than_255_parts_are_refused() -> None:
    with pytest.raises(TooManyParts):
        encode_parts("a" * (255 * 153 + 1), "gsm7", 1)


@given(texts)
def test_count_split_and_encoding_agree(text: str) -> None:
    count = count_fast(text)
    segmented = split(text)
    parts = encode_parts(text, count.encoding, 7)

    assert (segmented.encoding, segmented.parts, segmented.units) == count
    assert len(parts) == count.parts
    decode = segments.decode_gsm7 if count.encoding == "gsm7" else lambda raw: raw.decode("utf-16-be")
    assert "".join(decode(part.payload) for part in parts) == text
    assert all(len(part.udh + part.payload) <= (140 if count.encoding == "ucs2" else 160) for part in parts)


@given(gsm7_texts)
def test_gsm7_survives_the_way_there_and_back(text: str) -> None:
    assert segments.decode_gsm7(segments.encode_gsm7(text)) == text


@given(st.binary(max_size=200))
def test_decoding_never_fails(octets: bytes) -> None:
    assert isinstance(segments.decode_gsm7(octets), str)


@given(st.one_of(texts, gsm7_texts).filter(bool))
def test_an_independent_library_counts_the_same(text: str) -> None:
    ours, theirs = count_fast(text), smsutil.split(text)

    assert (ours.encoding == "gsm7") is smsutil.is_valid_gsm(text)
    assert ours.parts == len(theirs.parts)


@pytest.mark.parametrize("text", ["", "a" * 160, "a" * 161, "{" * 200, "é\u20ac[x]" * 50, "\U0001f600" * 80, "ж" * 71])
def test_cuts_for_people_are_the_cuts_on_the_wire(text: str) -> None:
    count = segments.count_fast(text)

    cuts = segments.cuts(text, count.encoding)

    assert "".join(cut.text for cut in cuts) == text
    assert len(cuts) == max(count.parts, 1)
    assert sum(cut.units for cut in cuts) == count.units
