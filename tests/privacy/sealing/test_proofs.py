"""A downloaded proof holds for its row alone, and a copy of the log is verified without us."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import CommandError, call_command

from privacy.sealing import copies, notes, proofs, signing, verification
from tests.factories.sealed import KEPT, Sealed, sealed_log


@pytest.fixture(scope="module")
def log() -> Iterator[Sealed]:
    with sealed_log() as made:
        yield made


@pytest.fixture
def proof(log: Sealed) -> dict[str, Any]:
    _, rows = log.yesterday()
    return json.loads(json.dumps(proofs.of(log.log, rows[3])))  # type: ignore[no-any-return]  # json's own Any


def test_a_proof_of_every_sealed_row_holds(log: Sealed) -> None:
    _, rows = log.yesterday()

    assert [proofs.check(proofs.of(log.log, row), signing.verifier()) for row in rows] == [""] * 6


@pytest.mark.parametrize(
    ("place", "change", "wrong"),
    [
        (("row",), lambda text: text.replace("content", "metadata"), "the row does not make this leaf"),
        (("salt",), lambda _: "00" * 16, "the row does not make this leaf"),
        (("leaf",), lambda _: "00" * 32, "the row does not make this leaf"),
        (("day", "index"), lambda index: index - 1, "the leaf is not in the day's root"),
        (("day", "path"), lambda path: path[1:], "the leaf is not in the day's root"),
        (("day", "entry"), lambda text: text.replace('"number":2', '"number":3'), "the day is not in the signed tree"),
        (("tree", "index"), lambda _: 0, "the day is not in the signed tree"),
        (
            ("tree", "checkpoint"),
            lambda note: note.replace("\n2\n", "\n3\n"),
            "the checkpoint is not signed by this key",
        ),
        (("tree",), lambda _: [], "this is no proof"),
        (("day", "path"), lambda _: 7, "this is no proof"),
    ],
)
def test_a_changed_proof_says_what_is_wrong(
    proof: dict[str, Any], place: tuple[str, ...], change: Any, wrong: str
) -> None:
    holder = proof
    for name in place[:-1]:
        holder = holder[name]
    holder[place[-1]] = change(holder[place[-1]])

    assert proofs.check(proof, signing.verifier()) == wrong


def test_a_proof_does_not_hold_under_another_key(proof: dict[str, Any]) -> None:
    other = notes.verifier(signing.origin(), Ed25519PrivateKey.generate())

    assert proofs.check(proof, other) == "the checkpoint is not signed by this key"


@pytest.mark.parametrize("junk", [None, 7, "x", [], {}, {"row": 1, "salt": "zz"}])
def test_junk_is_no_proof(junk: Any) -> None:
    assert proofs.check(junk, signing.verifier()) == "this is no proof"


def test_a_row_of_a_day_that_is_not_over_has_no_proof_yet(log: Sealed) -> None:
    with pytest.raises(proofs.NotSealed):
        proofs.of(log.log, log.days[log.noon.date()][0])
    with pytest.raises(LookupError):
        proofs.of(log.log, uuid4())


@pytest.fixture
def copy(log: Sealed, tmp_path: Path) -> Path:
    path = tmp_path / "log.jsonl"
    assert copies.write(log.log, path) == 18
    return path


def question(log: Sealed) -> verification.Question:
    return verification.Question(at=log.noon, kept=KEPT, public=signing.verifier())


def test_a_copy_is_verified_without_the_platform(log: Sealed, copy: Path) -> None:
    report = verification.verify(copies.CopiedLog(copy), question(log))

    assert report.findings == []
    assert (report.rows, report.segments) == (18, 2)


def test_a_tampered_copy_fails_and_the_command_names_the_row(
    log: Sealed, copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, rows = log.yesterday()
    lines = copy.read_text().splitlines()
    place = next(number for number, line in enumerate(lines) if f'"row","id":"{rows[1]}"' in line)
    lines[place] = lines[place].replace('"content"', '"metadata"')
    copy.write_text("\n".join(lines))

    with pytest.raises(CommandError, match="1 findings"):
        call_command("audit", "verify", str(copy), key=str(signing.verifier()))

    assert f"edited: row {rows[1]}" in capsys.readouterr().out


def test_a_file_that_is_no_copy_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "junk"
    path.write_text('{"kind": "row"}\nnothing')

    with pytest.raises(CommandError, match="line 1"):
        call_command("audit", "verify", str(path))
