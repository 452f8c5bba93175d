"""Verify a downloaded proof of an audit entry without smsplatform: python3 verify_proof.py PROOF.json KEY

KEY is the line that the operator publishes at /.well-known/audit/key, or a file that holds it; keep your own copy of
it. Needs Python and the package ``cryptography``. Prints the entry and exits with 0 when it holds, with 1 when not.
"""

import base64
import json
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def root_of(leaf: bytes, index: int, size: int, path: list[str]) -> bytes:
    """The root to which a path of hashes leads from a leaf (RFC 9162, 2.1.3.2)."""
    node, last, found = index, size - 1, leaf
    for step in (bytes.fromhex(each) for each in path):
        if node % 2 or node == last:
            found = sha256(b"\x01" + step + found).digest()
            while node % 2 == 0 and node:
                node, last = node >> 1, last >> 1
        else:
            found = sha256(b"\x01" + found + step).digest()
        node, last = node >> 1, last >> 1
    return found if last == 0 and index < size else b""


def signed(note: str, key: str) -> tuple[int, bytes]:
    """Size and root of a checkpoint that the key has signed."""
    raw = base64.b64decode(key.strip().split("+", 2)[2])
    text, _, lines = note.rpartition("\n\n")
    signature = base64.b64decode(lines.strip().split(" ")[2])
    Ed25519PublicKey.from_public_bytes(raw[1:]).verify(signature[4:], (text + "\n").encode())
    _origin, size, root = text.split("\n")[:3]
    return int(size), base64.b64decode(root)


def verify(proof: dict[str, Any], key: str) -> str:
    """What is wrong; empty when the entry is in the log that was signed."""
    day, tree = proof["day"], proof["tree"]
    leaf = sha256(b"\x00" + bytes.fromhex(proof["salt"]) + proof["row"].encode()).digest()
    entry = json.loads(day["entry"])
    if root_of(leaf, day["index"], entry["count"], day["path"]).hex() != entry["root"]:
        return "the entry is not in its day"
    try:
        size, root = signed(tree["checkpoint"], key)
    except InvalidSignature:
        return "the checkpoint was not signed by this key"
    day_leaf = sha256(b"\x00" + day["entry"].encode()).digest()
    return "" if root_of(day_leaf, tree["index"], size, tree["path"]) == root else "the day is not in the signed tree"


if __name__ == "__main__":
    document, public = json.loads(Path(sys.argv[1]).read_text()), sys.argv[2]
    wrong = verify(document, Path(public).read_text() if Path(public).is_file() else public)
    sys.stdout.write(f"does not hold: {wrong}\n" if wrong else f"holds: {document['row']}\n")
    sys.exit(bool(wrong))
