"""Words that nothing else in the world contains, and the search for them in bytes of any kind.

All words of a process begin with one stem. What holds a word in any form holds the stem in that form, so a file is
read for the stem alone, and for the words only where the stem is found.
"""

import base64
import mmap
from collections.abc import Iterable, Mapping
from urllib.parse import quote
from uuid import uuid4

# Of a length at which each of its forms is long enough to be no accident.
STEM = "mk" + uuid4().hex[:16]


def word() -> str:
    """32 characters."""
    return STEM + uuid4().hex[:14]


def forms(mark: str) -> list[bytes]:
    """How a mark may be written down: without its plus, in an address, hex, UTF-16, base64 at each of three offsets."""
    text = mark.lstrip("+")
    bare = text.encode()
    in_base64 = [base64.b64encode(b"x" * shift + bare)[4:-4] for shift in range(3)]
    wide = [text.encode("utf-16-be"), text.encode("utf-16-le")]
    return list(dict.fromkeys([bare, quote(text, safe="").encode(), bare.hex().encode(), *wide, *in_base64]))


def names_in(data: bytes | mmap.mmap, marks: Mapping[str, str]) -> set[str]:
    """The names of the marks that ``data`` holds; not their text, which would end up in a log."""
    stemmed = holds(data, forms(STEM))
    sought = {name: mark for name, mark in marks.items() if stemmed or STEM not in mark}
    return {name for name, mark in sought.items() if holds(data, forms(mark))}


def holds(data: bytes | mmap.mmap, wanted: Iterable[bytes]) -> bool:
    return any(data.find(form) >= 0 for form in wanted)
