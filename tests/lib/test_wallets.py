"""Addresses and signatures, against what eth-account 0.14 made of the same texts."""

import pytest

from smsplatform.lib import wallets
from tests.factories.wallets import Wallet, malleated

SIGN_IN = """sms.example.org wants you to sign in with your Ethereum account:
0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A

I show.

URI: https://sms.example.org
Version: 1
Chain ID: 1
Nonce: 32891756
Issued At: 2026-01-01T00:00:00Z"""
# Text, address and signature: Account.from_key(sha256(b"smsplatform test wallet <line>")), encode_defunct(text=...)
MADE = [
    (
        "hello",
        "0x0FF3f14e7818D017d8d4F38349A862902593C84e",
        (
            "da2e9626cc2d10aa8d9a17c354441181430c5d52086968980b2b5d4cf316989b"
            "286d31c2ea8bce72e0d15359cd3cb64fab478192d43d825b2708c53885b40be41b"
        ),
    ),
    (
        "",
        "0xfc31c910e391cC43e5765E0940Df7422CaF999F7",
        (
            "38fbeac1be0414884d6cd37a12181a9bce102ec458b2a34e3b290a7d31cb9cd2"
            "5366d6905f99ac1b39afe936e0afcedf2c642ddcee24104032646cb5d42c9ea71c"
        ),
    ),
    (
        "Ünïcode – 😀\nzweite Zeile\n",
        "0xad1e77Ae5493b4158A2c0463748E76E7425421c0",
        (
            "dcdd0e237e6e3115204dc1a98784b8a3782317d404648bb17edfccdd269d727b"
            "7c221b7581056b6a257fa269b4eebe1bef9fc25e3c73ef54427c094589b26f7d1c"
        ),
    ),
    (
        SIGN_IN,
        "0xfAFb1580a8Ca36767D306082Df9F968Bc0BAce85",
        (
            "384e429385b548a8aa475ce351c758fa4b27d1d88067fdd78b2293554dca15ec"
            "1bcf66b71006b41a44060aa1147838cd58514d481385f0145cbe40545b739ff51c"
        ),
    ),
    (
        "x" * 1000,
        "0xa5748fe6D78eCa180a7363efA4F9b909764B2D82",
        (
            "04175f390f95f73fe35182adb09cbdb36fca3b2ef19575a0b44988075a8ed70c"
            "207a1f82fae3b6ddd06eddb89dc6321d10c5e35e76b808c882d786eff1a4d6ba1c"
        ),
    ),
]
# The addresses of EIP-55.
CHECKED = [
    "0x52908400098527886E0F7030069857D2E4169EE7",
    "0xde709f2102306220921060314715629080e2fb77",
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
]


@pytest.mark.parametrize(("text", "address", "signature"), MADE)
def test_the_signer_is_whom_another_library_says(text: str, address: str, signature: str) -> None:
    assert wallets.signer(text, wallets.signature(signature)) == address


@pytest.mark.parametrize(("text", "address", "signature"), MADE)
def test_the_wallets_of_our_tests_sign_like_that_library(text: str, address: str, signature: str) -> None:
    wallet = Wallet()

    assert wallets.signer(text, wallets.signature(wallet.sign(text))) == wallet.address != address


def test_wallets_of_hardware_count_from_zero() -> None:
    text, address, signature = MADE[0]
    raw = bytes.fromhex(signature)

    assert wallets.signer(text, raw[:64] + bytes([raw[64] - 27])) == address


def test_the_other_signature_that_anybody_can_make_is_refused() -> None:
    text, _address, signature = MADE[0]

    with pytest.raises(wallets.InvalidSignature):
        wallets.signer(text, wallets.signature(malleated(signature)))


@pytest.mark.parametrize("last", [2, 3, 26, 29, 30, 35, 37, 255])
def test_a_last_byte_that_no_wallet_writes_is_refused(last: int) -> None:
    with pytest.raises(wallets.InvalidSignature):
        wallets.signer("hello", bytes.fromhex(MADE[0][2])[:64] + bytes([last]))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        bytes(65),
        b"\xff" * 64 + b"\x1b",
        bytes(32) + b"\x01" * 32 + b"\x1b",
        b"\x01" * 32 + bytes(32) + b"\x1b",
        wallets.ORDER.to_bytes(32) + b"\x01" * 32 + b"\x1b",
        b"\x01" * 64,
        b"\x01" * 66,
        (5).to_bytes(32) + b"\x01" * 32 + b"\x1b",  # no point of the curve has this first coordinate
    ],
)
def test_what_is_no_signature_is_refused(raw: bytes) -> None:
    with pytest.raises(wallets.InvalidSignature):
        wallets.signer("hello", raw)


@pytest.mark.parametrize("text", ["", "0x", "0x" + "zz" * 65, "0x" + "00" * 64, "0x" + "00" * 66, "1b" * 65 + "0"])
def test_a_signature_is_65_bytes_in_hexadecimal(text: str) -> None:
    with pytest.raises(wallets.InvalidSignature):
        wallets.signature(text)


@pytest.mark.parametrize("address", CHECKED)
def test_addresses_carry_their_checksum(address: str) -> None:
    assert wallets.address(address) == address
    assert wallets.address(f" {address.lower()}\n") == address
    assert wallets.address("0x" + address[2:].upper()) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0x",
        CHECKED[2][:-1],
        CHECKED[2] + "0",
        CHECKED[2].replace("F3E94", "F3e94"),
        CHECKED[2][2:],
        "0x" + "g" * 40,
    ],
)
def test_a_mistyped_address_is_refused(text: str) -> None:
    with pytest.raises(wallets.InvalidAddress):
        wallets.address(text)
