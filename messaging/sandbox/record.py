"""A log of every submit for an independent check: JSON lines with a hash for the number and a marker of the text.

A test puts ``#something-unique`` into each text; the record then proves what reached the carrier, and how often,
without holding numbers or texts.
"""

import hashlib
import json
import re
import time
from pathlib import Path

_MARKER = re.compile(r"#([\w.-]{1,64})")


class Record:
    def __init__(self, path: Path) -> None:
        # Line buffered: the file must be true when the system under test, or this process, is killed.
        self._file = path.open("a", encoding="utf-8", buffering=1)
        self._count = 0

    def write(
        self, *, sequence: int, system_id: str, destination: bytes, text: str, part: int, status: int | None
    ) -> None:
        self._count += 1
        marker = _MARKER.search(text)
        line = {
            "n": self._count,
            "at": round(time.time(), 3),
            "sequence": sequence,
            "bind": system_id,
            "to": hashlib.sha256(destination).hexdigest()[:16],
            "marker": marker.group(1) if marker else None,
            "text": hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16],
            "part": part,
            "status": status,
        }
        self._file.write(json.dumps(line, separators=(",", ":")) + "\n")

    def close(self) -> None:
        self._file.close()
