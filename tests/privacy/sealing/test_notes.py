"""Signed notes: those of others open here, and ours say what they must."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from privacy.sealing import notes

# The example of golang.org/x/mod/sumdb/note, whose form C2SP's signed-note took over.
KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
NOTE = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
OURS = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
CHECKPOINT = notes.Checkpoint(origin="sms.example/audit", size=3, root=b"\x05" * 32)


def test_a_published_note_opens_with_its_key() -> None:
    assert notes.Verifier.parse(KEY).open(NOTE).endswith("what your problem is.\n")
    assert str(notes.Verifier.parse(KEY)) == KEY


@pytest.mark.parametrize("change", [("answer", "solution"), ("x08go", "x08gp"), ("PeterNeumann", "Peter")])
def test_a_changed_note_does_not_open(change: tuple[str, str]) -> None:
    with pytest.raises(notes.InvalidNote):
        notes.Verifier.parse(KEY).open(NOTE.replace(*change))


def test_our_checkpoint_is_read_back() -> None:
    signed = notes.sign(CHECKPOINT.text, name=CHECKPOINT.origin, key=OURS)

    opened = notes.verifier(CHECKPOINT.origin, OURS).open(signed)

    assert notes.checkpoint(opened) == CHECKPOINT
    assert signed.split("\n")[:2] == ["sms.example/audit", "3"]


@pytest.mark.parametrize("text", ["", "a+b", "a+b+c", KEY.replace("c74f", "c74e"), "a+b+!!!"])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(notes.InvalidNote):
        notes.Verifier.parse(text)


@pytest.mark.parametrize("text", ["", "origin\n1", "origin\nmany\nAAAA\n", "origin\n1\n!!\n"])
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(notes.InvalidNote):
        notes.checkpoint(text)
