"""Wallets of Ethereum and chains like it: addresses with their checksum (EIP-55), and who signed a text (EIP-191).

The two libraries behind it cost 10 MB, so only a process that sees a wallet loads them.
"""

import re
from typing import Final

# Order of the group of secp256k1 (SEC 2, section 2.4.1).
ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_SIGNATURE = re.compile(r"(?:0x)?([0-9a-fA-F]{130})")


class InvalidAddress(ValueError):
    """This is no address, or one with a mistyped character."""


class InvalidSignature(ValueError):
    """This is no signature that a wallet makes."""


def address(text: str) -> str:
    """An address with its checksum. What is in both cases must carry the right one. Raises ``InvalidAddress``."""
    text = text.strip()
    if not _ADDRESS.fullmatch(text):
        raise InvalidAddress
    digits = text[2:].lower()
    checked = "0x" + "".join(
        letter.upper() if int(nibble, 16) > 7 else letter
        for letter, nibble in zip(digits, _keccak(digits.encode()).hex(), strict=False)
    )
    if text[2:] not in (digits, digits.upper(), checked[2:]):
        raise InvalidAddress
    return checked


def signature(text: str) -> bytes:
    """The 65 bytes that wallets give as hexadecimal digits. Raises ``InvalidSignature``."""
    found = _SIGNATURE.fullmatch(text.strip())
    if found is None:
        raise InvalidSignature
    return bytes.fromhex(found[1])


def signer(text: str, signed: bytes) -> str:
    """Whose key signed ``text`` by ``personal_sign``: an address with its checksum. Raises ``InvalidSignature``.

    Of the two signatures that everybody can make of one, only that with the low s counts (EIP-2); the last byte is 27
    or 28, or 0 or 1 as some wallets of hardware say.
    """
    from coincurve import PublicKey  # here, and keccak below: see the top

    if len(signed) != 65 or not _is_low(signed) or signed[64] not in (0, 1, 27, 28):
        raise InvalidSignature
    data = text.encode()
    digest = _keccak(b"\x19Ethereum Signed Message:\n" + str(len(data)).encode() + data)
    try:
        key = PublicKey.from_signature_and_message(signed[:64] + bytes([signed[64] % 27]), digest, hasher=None)
    except ValueError:
        raise InvalidSignature from None
    return address("0x" + _keccak(key.format(compressed=False)[1:])[-20:].hex())


def _is_low(signed: bytes) -> bool:
    return 0 < int.from_bytes(signed[:32]) < ORDER and 0 < int.from_bytes(signed[32:64]) <= ORDER // 2


def _keccak(data: bytes) -> bytes:
    from Crypto.Hash import keccak

    return keccak.new(data=data, digest_bits=256).digest()
