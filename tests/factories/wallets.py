"""Wallets of tests: keys that sign as wallets do."""

from uuid import uuid4

from coincurve import PrivateKey
from Crypto.Hash import keccak

from smsplatform.lib import wallets


class Wallet:
    """A key and its address."""

    def __init__(self) -> None:
        self.key = PrivateKey(uuid4().bytes + uuid4().bytes)
        self.address = wallets.address("0x" + _keccak(self.key.public_key.format(compressed=False)[1:])[-20:].hex())

    def sign(self, text: str) -> str:
        """What ``personal_sign`` gives."""
        data = text.encode()
        digest = _keccak(b"\x19Ethereum Signed Message:\n%d" % len(data) + data)
        signed = self.key.sign_recoverable(digest, hasher=None)
        return "0x" + signed[:64].hex() + bytes([27 + signed[64]]).hex()


def malleated(signature: str) -> str:
    """The other signature that everybody can make of one: s becomes n - s, and the last byte changes sides."""
    raw = bytes.fromhex(signature.removeprefix("0x"))
    high = wallets.ORDER - int.from_bytes(raw[32:64])
    return "0x" + raw[:32].hex() + high.to_bytes(32).hex() + bytes([27 + 28 - raw[64]]).hex()


def _keccak(data: bytes) -> bytes:
    return keccak.new(data=data, digest_bits=256).digest()
