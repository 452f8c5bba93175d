"""Checkpoints as signed notes, in the form that transparency logs share (C2SP ``tlog-checkpoint``, ``signed-note``).

sms.example/audit            origin: whose log
42                           how many days it holds
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— sms.example/audit 8mfQ…    an Ed25519 signature; its first four bytes tell the key
"""

import base64
import binascii
import re
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ED25519 = b"\x01"  # the algorithm's number in a verifier key
HASH_BYTES = 4
_SIGNATURE = re.compile("— ([^ +]+) ([A-Za-z0-9+/=]+)")


class InvalidNote(ValueError):
    """This is no note that the key has signed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Checkpoint:
    """What a log says of itself: that its first ``size`` entries have this root."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The signed lines."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class Verifier:
    """A public key with its name, as auditors are given it: ``name+hash+key``."""

    name: str
    key: bytes

    @classmethod
    def parse(cls, text: str) -> "Verifier":
        """Raises ``InvalidNote``."""
        try:
            name, digest, encoded = text.strip().split("+", 2)
            raw = base64.b64decode(encoded, validate=True)
        except (ValueError, binascii.Error):
            raise InvalidNote("this is no verifier key") from None
        found = cls(name=name, key=raw[1:])
        if raw[:1] != ED25519 or len(found.key) != 32 or found.hash.hex() != digest:
            raise InvalidNote("this is no verifier key")
        return found

    def __str__(self) -> str:
        return f"{self.name}+{self.hash.hex()}+{base64.b64encode(ED25519 + self.key).decode()}"

    @property
    def hash(self) -> bytes:
        """What signatures name the key by."""
        return sha256(self.name.encode() + b"\n" + ED25519 + self.key).digest()[:HASH_BYTES]

    def open(self, note: str) -> str:
        """The signed text. Raises ``InvalidNote`` unless this key has signed it."""
        text, _, signatures = note.rpartition("\n\n")
        text += "\n"
        for name, encoded in _SIGNATURE.findall(signatures):
            raw = _decoded(encoded)
            if name == self.name and raw[:HASH_BYTES] == self.hash and self._signed(text, raw[HASH_BYTES:]):
                return text
        raise InvalidNote("no signature of this key")

    def _signed(self, text: str, signature: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(self.key).verify(signature, text.encode())
        except InvalidSignature:
            return False
        return True


def verifier(name: str, key: Ed25519PrivateKey) -> Verifier:
    """The public half under a name."""
    return Verifier(name=name, key=key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))


def sign(text: str, *, name: str, key: Ed25519PrivateKey) -> str:
    """A note: the text, which ends with a line break, and its signature."""
    signature = base64.b64encode(verifier(name, key).hash + key.sign(text.encode())).decode()
    return f"{text}\n— {name} {signature}\n"


def checkpoint(text: str) -> Checkpoint:
    """The checkpoint that a note's text holds. Raises ``InvalidNote``."""
    try:
        origin, size, root = text.split("\n")[:3]
        return Checkpoint(origin=origin, size=int(size), root=base64.b64decode(root, validate=True))
    except (ValueError, binascii.Error):
        raise InvalidNote("this is no checkpoint") from None


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return b""
