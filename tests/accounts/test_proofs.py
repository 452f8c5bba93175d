"""The proof behind each line of a workspace's activity, checked by code that shares nothing with ours."""

import datetime as dt
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from privacy import audit
from privacy.sealing import sealer
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope
from tests.factories import pages
from tests.factories.sealed import close_the_day

VERIFIER = Path(__file__).parents[2] / "docs" / "audit" / "verify_proof.py"


@dataclass(frozen=True, kw_only=True, slots=True)
class Proven:
    """Somebody's entry of a closed day, and its proof as they downloaded it."""

    browser: Client
    entry: str
    proof: dict[str, Any]
    key: str


def record(shop: pages.Shop, **values: Any) -> str:
    with scope.workspace(shop.workspace.id):
        made = audit.record(
            action="staff:data:viewed", workspace=shop.workspace.id, actor=shop.owner.pk, at=clock.now(),
            details={"level": "METADATA", "ticket": "SUP-1", "category": "customer_support", "kinds": "delivery_meta"},
            **values,
        )  # fmt: skip
    return ids.encode("evt", made)


@pytest.fixture(scope="module")
def proven() -> Proven:
    shop = pages.shop()
    entry, browser = record(shop), pages.client(shop.owner)
    close_the_day()
    proof = json.loads(browser.get(f"/activity/{entry}/proof.json").content)
    return Proven(
        browser=browser, entry=entry, proof=proof, key=Client().get("/.well-known/audit/key").content.decode()
    )


def verified(proof: dict[str, Any], key: str, folder: Path) -> tuple[int, str]:
    """What the published verifier says, in a process of its own that has none of our code."""
    file = folder / "proof.json"
    file.write_text(json.dumps(proof))
    done = subprocess.run(  # our own script, with a file we wrote
        [sys.executable, "-I", str(VERIFIER), str(file), key], capture_output=True, text=True, check=False, cwd=folder
    )
    return done.returncode, done.stdout


@pytest.mark.promise("fleet-28", "transit-100")
def test_a_customer_takes_a_proof_away_and_verifies_it_without_us(proven: Proven, tmp_path: Path) -> None:
    code, said = verified(proven.proof, proven.key, tmp_path)

    assert (code, json.loads(said.partition("holds: ")[2])["action"]) == (0, "staff:data:viewed")
    assert ids.encode("evt", UUID(json.loads(proven.proof["row"])["id"])) == proven.entry
    page = proven.browser.get(f"/activity/{proven.entry}").content.decode()
    assert "Nobody can change it any more" in page
    assert proven.proof["leaf"] in page
    assert f"/activity/{proven.entry}" in proven.browser.get("/activity").content.decode()
    assert f"/activity/{proven.entry}" in proven.browser.get("/staff-access").content.decode()


def test_the_command_of_the_operator_agrees(proven: Proven, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "proof.json"
    file.write_text(json.dumps(proven.proof))

    call_command("audit", "proof", str(file), key=proven.key)
    assert "The proof holds" in capsys.readouterr().out
    file.write_text(json.dumps({**proven.proof, "row": proven.proof["row"].replace("SUP-1", "SUP-2")}))
    with pytest.raises(CommandError, match="does not hold"):
        call_command("audit", "proof", str(file), key=proven.key)
    file.write_text("[]")
    with pytest.raises(CommandError, match="no proof"):
        call_command("audit", "proof", str(file))


@pytest.mark.parametrize("change", ["row", "salt", "day", "day index", "path", "tree index", "checkpoint", "key"])
def test_a_proof_that_was_tampered_with_fails(proven: Proven, tmp_path: Path, change: str) -> None:
    proof, key = json.loads(json.dumps(proven.proof)), proven.key
    if change == "row":
        proof["row"] = proof["row"].replace("METADATA", "CONTENT")
    elif change == "salt":
        proof["salt"] = "00" * 16
    elif change == "day":
        proof["day"]["entry"] = proof["day"]["entry"].replace('"count":', '"count":1')
    elif change in ("day index", "tree index"):
        proof[change.partition(" ")[0]]["index"] += 1
    elif change == "path":
        proof["day"]["path"].append("11" * 32)
    elif change == "checkpoint":
        proof["tree"]["checkpoint"] = proof["tree"]["checkpoint"].replace("\n", "\n1", 1)
    else:
        key = "+".join([*key.split("+", 2)[:2], "A" * 44])

    assert verified(proof, key, tmp_path)[0] == 1


def test_an_open_day_has_no_proof_yet_and_says_so() -> None:
    shop = pages.shop()
    entry, browser = record(shop), pages.client(shop.owner)

    assert "Not sealed yet" in browser.get(f"/activity/{entry}").content.decode()
    sealer.seal(at=clock.now())
    assert "after midnight UTC" in browser.get(f"/activity/{entry}").content.decode()
    assert browser.get(f"/activity/{entry}/proof.json").status_code == 404


def test_an_entry_of_others_or_one_that_a_law_withholds_is_not_there(proven: Proven) -> None:
    shop = pages.shop()
    hidden, browser = record(shop, withheld_until=clock.now() + dt.timedelta(days=9)), pages.client(shop.owner)

    for path in (f"/activity/{hidden}", f"/activity/{hidden}/proof.json", f"/activity/{proven.entry}", "/activity/x"):
        assert browser.get(path).status_code == 404
